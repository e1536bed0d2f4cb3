import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { buildSchema, closeCodes, farmMessageSchema, workerSchema } from '@weir/protocol';
import type { WorkerMessage } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

type Frame =
  | { readonly from: 'farm'; readonly message: { readonly t: string } }
  | { readonly from: 'worker'; readonly message: WorkerMessage }
  | { readonly from: 'worker'; readonly log: string };

/** All that a farm and a worker of version 1 said to each other, over two builds, before links outlived masters. */
const recorded: readonly Frame[] = readFileSync(
  new URL('./fixtures/link-v1.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Frame);

describe('a farm and a worker of different builds', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: RawWorker;

  beforeEach(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm(),
      remotes: repositories.remotes,
    });
    worker = new RawWorker('w1');
    await worker.prove(farm.workerPort);
    await worker.closed;
    const { fingerprint } = await farm.get('/api/v1/workers/w1', workerSchema);
    const body = { reason: 'test', fingerprint, labels: [], trust: 'normal' };
    await farm.post('/api/v1/workers/w1/accept', body);
  });
  afterEach(async () => {
    worker.drop();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  /** Says what the recorded worker said, each time after what the farm had said before. */
  async function replay(say: (message: WorkerMessage) => void): Promise<void> {
    for (const frame of recorded) {
      if (frame.from === 'farm') {
        // What came before the proof was signed for another farm, and is said by `prove`.
        if (frame.message.t !== 'challenge') await worker.next(frame.message.t as 'ack');
      } else if ('log' in frame) worker.sendRaw(Buffer.from(frame.log, 'base64'));
      else if (frame.message.t === 'prove') {
        const { versions, agent, owner } = frame.message;
        await worker.prove(farm.workerPort, { versions, agent, owner });
      } else say(frame.message);
    }
  }

  async function assertBuilt(): Promise<void> {
    const results = [1, 2].map((id) => farm.get(`/api/v1/builds/${id}`, buildSchema));
    const [runtime, app] = await Promise.all(results);
    assert.deepEqual([runtime?.result, app?.result], ['success', 'success']);
    const log = await fetch(new URL(`/api/v1/logs/${app?.steps[0]?.log?.id}`, farm.url));
    assert.equal(await log.text(), 'lang 1 runs ./app.txt\nthe program works\n');
  }

  it('work together when the worker is the older one', async () => {
    await replay((message) => worker.send(message));

    await assertBuilt();
  });

  it('work together when the worker says more than the farm understands', async () => {
    let isInSession = false;

    await replay((message) => {
      worker.sendRaw(JSON.stringify({ ...message, mood: 'sunny', spare: [{ deep: 1 }] }));
      if (isInSession) worker.sendRaw(JSON.stringify({ t: 'forecast', text: 'rain' }));
      isInSession ||= message.t === 'ready';
    });

    await assertBuilt();
  });

  it('agree on the highest version that both speak', async () => {
    await worker.prove(farm.workerPort, { versions: { min: 1, max: 2 } });

    assert.equal((await worker.next('proof')).version, 1);
  });

  it('do not mistake what is malformed for what is newer', async () => {
    await worker.connect(farm.workerPort);

    worker.sendRaw(JSON.stringify({ t: 'ready', slots: 'many' }));

    assert.equal((await worker.closed).code, closeCodes.badFrame);
  });
});

describe('a worker of a farm that is older', () => {
  it('understands every word of it', () => {
    const said = recorded.flatMap((frame) => (frame.from === 'farm' ? [frame.message] : []));

    for (const message of said) assert.deepEqual(farmMessageSchema.parse(message), message);
  });
});
