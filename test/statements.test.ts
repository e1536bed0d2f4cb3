import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FarmMessage, JournalEntry } from '@weir/protocol';
import { describe, it } from 'mocha';
import { openLogWriter } from '../packages/master/src/builds/logs/log-writer.ts';
import { objectsPlaceOf } from '../packages/master/src/builds/objects/objects-place.ts';
import { anchoredClock } from '../packages/master/src/clock.ts';
import { startEngine } from '../packages/master/src/engine.ts';
import { filesOf } from '../packages/master/src/farm/farm-files.ts';
import { FarmInForce } from '../packages/master/src/farm/in-force.ts';
import { readFarmText } from '../packages/master/src/farm/read-farm-file.ts';
import { eventsAfter } from '../packages/master/src/store/events.ts';
import { workerByName } from '../packages/master/src/store/workers.ts';
import { openFarmKey } from '../packages/master/src/workers/farm-key.ts';
import { RawWorker } from './support/raw-worker.ts';
import { createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { onlyOnSqlite, openTestStore } from './support/test-store.ts';

const mostStatements = 20;
const quiet = { info: () => {}, warn: () => {} };
const control = /^(begin|commit|savepoint|release|rollback)/;

describe('a build that does nothing', () => {
  it(`costs at most ${mostStatements} statements, from its request to its end`, async function () {
    onlyOnSqlite(this);
    await using disposing = new AsyncDisposableStack();
    const repositories = disposing.use(await createSmallFarm());
    const dir = await mkdtemp(join(tmpdir(), 'weir-statements-'));
    disposing.defer(() => rm(dir, { recursive: true, force: true }));
    const statements: string[] = [];
    const onStatement = (sql: string): void => void statements.push(sql);
    const store = disposing.use(await openTestStore(join(dir, 'weir.sqlite'), { onStatement }));
    const { remotes } = repositories;
    const reading = readFarmText(repositories.farm(), 'farm.yaml', { remotes });
    assert.ok(reading.ok);
    const now = anchoredClock();
    const farmInForce = new FarmInForce(store, null);
    const version = { by: 'test', reason: null, source: { kind: 'file' } } as const;
    await farmInForce.apply(reading.farm, { ...version, files: filesOf(reading.texts) }, now());
    const engine = await startEngine({
      store,
      farmInForce,
      farmOptions: { remotes, base: dir },
      farmChanged: () => {},
      pollFarmFile: () => {},
      farmKey: openFarmKey(join(dir, 'key.pem')),
      logs: disposing.use(await openLogWriter(join(dir, 'logs'))),
      logsPlace: { store: '', dir: join(dir, 'logs'), objectsPlace: objectsPlaceOf(null, dir) },
      dataDir: dir,
      objectsPlace: objectsPlaceOf(null, dir),
      host: '127.0.0.1',
      workerPort: 0,
      redisUrl: null,
      now,
      log: quiet,
      url: () => 'http://localhost',
      shortage: () => {},
      heartbeat: () => {},
      objectsAway: () => {},
      grew: () => {},
    });
    disposing.defer(() => engine.stop());
    await engine.poll('lang/main');
    const worker = new RawWorker('w1');
    disposing.defer(() => worker.drop());
    await worker.prove(engine.workerPort);
    await worker.closed;
    const fingerprint = (await workerByName(store.read, 'w1'))?.fingerprint ?? '';
    const accept = {
      t: 'accept',
      worker: 'w1',
      fingerprint,
      labels: [],
      trust: 'normal',
      reason: 'test',
    } as const;
    await engine.command('test', accept);
    await worker.connect(engine.workerPort);
    // The first change of the trunk asks for a build of its own: out of the way first.
    await runBuild(worker);

    statements.length = 0;
    await engine.command('test', { t: 'force', builder: runtimeBuilder, reason: 'to count' });
    await runBuild(worker);

    const counted = statements.filter((sql) => !control.test(sql));
    assert.ok(counted.length <= mostStatements, `${counted.length}:\n${counted.join('\n')}`);
    const ended = (await eventsAfter(store.read, 0, 100)).filter(
      ({ kind }) => kind === 'build.finished',
    );
    assert.equal(ended.length, 2);
  });
});

/** Takes one build as a worker does that has nothing to do in it. */
async function runBuild(worker: RawWorker): Promise<void> {
  worker.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
  const { epoch, spec }: Extract<FarmMessage, { t: 'offer' }> = await worker.next('offer');
  const { build } = spec;
  worker.send({ t: 'accept', build, epoch });
  await worker.next('start');
  const at = Date.now();
  const started: JournalEntry = { t: 'step-started', n: 1, at, step: 0 };
  worker.send({ t: 'journal', build, epoch, entries: [started] });
  const sha256 = createHash('sha256').digest('hex');
  const outcome = { at, result: 'success', findings: [], text: '' } as const;
  worker.send({
    t: 'journal',
    build,
    epoch,
    entries: [
      { t: 'log-finished', n: 2, at, step: 0, bytes: 0, ranges: [], sha256 },
      { t: 'step-finished', n: 3, step: 0, exitCode: 0, signal: null, ...outcome, findings: [] },
      { t: 'build-finished', n: 4, environment: {}, ...outcome, findings: [] },
    ],
  });
  await worker.next('confirmed');
}
