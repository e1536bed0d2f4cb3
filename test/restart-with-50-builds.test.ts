import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, requestSchema } from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

const workers = 5;
const slots = 10;
const builds = workers * slots;
const builder = 'lang/main/waits/here';

describe('a master that is killed under 50 builds', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let gate: string;
  /** In it a file for each build, with what its script printed. */
  let ledgers: string;

  before(async function () {
    this.timeout(120_000);
    gate = await mkdtemp(join(tmpdir(), 'weir-gate-'));
    ledgers = await mkdtemp(join(tmpdir(), 'weir-ledgers-'));
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({ beside: waitingProject(gate, ledgers) }),
      remotes: repositories.remotes,
    });
    // The build of the first commit is of no interest.
    await writeFile(join(gate, 'open'), '');
    const names = Array.from({ length: workers }, (_, n) => `w${n}`);
    await Promise.all(names.map((name) => farm.addWorker({ name, slots })));
    await farm.events.until('build.finished', { data: { builder } });
    for (const name of await readdir(ledgers)) await rm(join(ledgers, name));
    await rm(join(gate, 'open'));
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(gate, { recursive: true, force: true });
    await rm(ledgers, { recursive: true, force: true });
  });

  it('has all of them again within 5 s of its return, and none starts over', async function () {
    this.timeout(120_000);
    const running = await Promise.all(Array.from({ length: builds }, startBuild));
    const { last } = farm.events;

    await farm.kill();
    await farm.start();
    const returnedAt = Date.now();

    const attached = await Promise.all(
      running.map(({ subject }) => farm.events.until('build.attached', { after: last, subject })),
    );
    const slowestMs = Math.max(...attached.map(({ at }) => at)) - returnedAt;
    assert.ok(slowestMs < 5_000, `the last was attached after ${slowestMs} ms`);
    await writeFile(join(gate, 'open'), '');
    const ended = await Promise.all(running.map(endOf));
    assert.deepEqual(
      ended.map(({ result, attempt }) => [result, attempt]),
      running.map(() => ['success', 1]),
    );
    // One ledger a build: no script ran twice, and each log is what its script printed.
    assert.deepEqual(
      (await Promise.all(ended.map(logOf))).toSorted(),
      (await printed()).toSorted(),
    );
  });

  /** A build whose script runs and has come to the gate. */
  async function startBuild(): Promise<ApiEvent> {
    const asked = await farm.post('/api/v1/requests', { builder, reason: 'to be kept' });
    const request = requestSchema.parse(asked).id;
    const started = await farm.events.until('build.started', { data: { request } });
    return farm.events.until('step.started', { subject: started.subject });
  }

  async function endOf({ subject }: ApiEvent): Promise<ApiBuild> {
    await farm.events.until('build.finished', { subject });
    return farm.get(`/api/v1/builds/${subject.slice('build/'.length)}`, buildSchema);
  }

  async function logOf({ steps: [step] }: ApiBuild): Promise<string> {
    return (await fetch(new URL(`/api/v1/logs/${step?.log?.id}`, farm.url))).text();
  }

  async function printed(): Promise<string[]> {
    const names = await readdir(ledgers);
    return Promise.all(names.map((name) => readFile(join(ledgers, name), 'utf8')));
  }
});

/** A project whose builds print a line twice a second until the gate is open. */
function waitingProject(gate: string, ledgers: string): string {
  return `  waits:
    trunks: [lang/main]
    steps:
      - wait: |
          ledger=$(mktemp ${ledgers}/XXXXXXXX)
          say() { echo "$1" >> "$ledger"; echo "$1"; }
          say "$ledger"
          n=0
          while [ ! -e ${gate}/open ]; do n=$((n + 1)); say "line $n"; sleep 0.5; done
          say over
`;
}
