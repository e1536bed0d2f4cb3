import { workerSchema } from '@weir/protocol';
import type { FarmMessage } from '@weir/protocol';
import type { FarmProcess } from './farm-process.ts';
import type { RawWorker } from './raw-worker.ts';
import { runtimeBuilder } from './small-farm.ts';

export type Offer = Extract<FarmMessage, { t: 'offer' }>;

/** Asks to join, and is accepted: it may connect. */
export async function joinFarm(farm: FarmProcess, worker: RawWorker): Promise<void> {
  const { name } = worker;
  await worker.prove(farm.workerPort);
  await worker.closed;
  const { fingerprint } = await farm.get(`/api/v1/workers/${name}`, workerSchema);
  await farm.post(`/api/v1/workers/${name}/accept`, { reason: 'test', fingerprint, labels: [] });
}

/** Joins, connects, and takes a build of the runtime: it has started when this resolves. */
export async function takeBuild(farm: FarmProcess, worker: RawWorker): Promise<Offer> {
  await joinFarm(farm, worker);
  // Before the trunk was looked at there is nothing to build.
  await farm.events.until('change.seen');
  await farm.post('/api/v1/requests', { builder: runtimeBuilder, reason: 'something to do' });
  await worker.connect(farm.workerPort);
  worker.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
  const offer = await worker.next('offer');
  worker.send({ t: 'accept', build: offer.spec.build, epoch: offer.epoch });
  await worker.next('start');
  return offer;
}
