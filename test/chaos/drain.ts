import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  buildSummarySchema,
  deliverySchema,
  noticeSchema,
  requestSchema,
  workerSchema,
} from '@weir/protocol';
import { z } from 'zod';
import type { ChaosFarm } from './farm.ts';

/** Longer than a lease, what comes after it, and the longest back-off of a request together. */
const stallMs = 240_000;
const lookMs = 1_000;
/** Events that show that work gets on; a worker that comes and goes is none. */
const isProgress = /^(build|request|step|delivery|notice|breakage)\./;

/**
 * Waits until the farm has nothing left to do. There is no limit of time but one of progress: when
 * nothing comes to pass any more, what is still open stands in the answer, one line each.
 */
export async function drain(farm: ChaosFarm): Promise<string[]> {
  let movedAt = performance.now();
  farm.witness.onEvent(({ kind }) => {
    if (isProgress.test(kind)) movedAt = performance.now();
  });
  for (;;) {
    const open = await openOf(farm);
    if (open.length === 0 || performance.now() - movedAt > stallMs) return open;
    await sleep(lookMs);
  }
}

async function openOf(farm: ChaosFarm): Promise<string[]> {
  const { api, workers } = farm;
  const requests = [
    ...(await api.all('/api/v1/requests?state=waiting', requestSchema)),
    ...(await api.all('/api/v1/requests?state=claimed', requestSchema)),
  ];
  const builds = [
    ...(await api.all('/api/v1/builds?state=running', buildSummarySchema)),
    ...(await api.all('/api/v1/builds?state=detached', buildSummarySchema)),
  ];
  const notices = await api.all('/api/v1/notices', noticeSchema);
  const deliveries = await api.all('/api/v1/deliveries?state=waiting', deliverySchema);
  const away = (await api.all('/api/v1/workers', workerSchema)).filter(({ online }) => !online);
  // A delivery that failed waits for minutes. Whoever runs a farm may have it tried at once.
  for (const { id } of deliveries.filter(({ tries }) => tries > 0)) {
    await api.post(`/api/v1/deliveries/${id}/retry`, { reason: 'chaos is over' }, z.unknown());
  }
  return [
    ...requests.map(({ id, state, waits }) => `request ${id} is ${state} ${waits?.detail ?? ''}`),
    ...builds.map(({ id, state, worker }) => `build ${id} is ${state} on ${worker}`),
    ...notices.filter(({ state }) => state === 'gathering').map(({ id }) => `notice ${id} gathers`),
    ...deliveries.map(({ id, error }) => `delivery ${id} waits: ${error ?? ''}`),
    ...away.map(({ name }) => `worker ${name} is away`),
    ...workers.flatMap(({ slots }) => slots.filter(isTaken).map((slot) => `${slot} is taken`)),
  ];
}

const slotFolders = ['build', 'work/src', 'work/tmp', 'work/home'];

/** Something of a build is there still: its spool goes when the farm has confirmed it. */
export function isTaken(slot: string): boolean {
  return slotFolders.some((name) => {
    const folder = join(slot, name);
    return existsSync(folder) && readdirSync(folder).length > 0;
  });
}
