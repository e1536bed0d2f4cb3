import {
  breakageSummarySchema,
  buildSchema,
  buildSummarySchema,
  deliverySchema,
  farmSchema,
  noticeSchema,
  requestSchema,
} from '@weir/protocol';
import type {
  ApiBreakageSummary,
  ApiBuild,
  ApiDelivery,
  ApiEvent,
  ApiNotice,
  ApiRequest,
} from '@weir/protocol';
import type { ChaosFarm } from './farm.ts';
import { readLedgers } from './ledger.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Load } from './load.ts';
import { readLog } from './logs.ts';
import type { LogReading } from './logs.ts';
import type { Receipt } from './mailbox.ts';
import type { Fault } from './plan.ts';
import { Witness } from './witness.ts';
import type { Contradiction, Sighting } from './witness.ts';

/** A fault that came to pass, with the times of its beginning and its end, milliseconds UTC. */
export interface PlayedFault extends Fault {
  readonly from: number;
  readonly to: number;
}

/** What the farm says in the end, beside what others have seen. */
export interface Evidence {
  readonly requests: readonly ApiRequest[];
  readonly builds: readonly ApiBuild[];
  readonly logs: readonly LogReading[];
  readonly breakages: readonly ApiBreakageSummary[];
  readonly notices: readonly ApiNotice[];
  readonly deliveries: readonly ApiDelivery[];
  /** The whole event log, read once more from its beginning. */
  readonly events: readonly ApiEvent[];
  /** What the witness saw while it happened. */
  readonly seen: readonly Sighting[];
  readonly contradictions: readonly Contradiction[];
  readonly ledgers: ReadonlyMap<string, LedgerEntry>;
  readonly receipts: readonly Receipt[];
  /** When a notice's way was broken behind the receiver's back: the master died, or the link was cut. */
  readonly interruptions: readonly number[];
  readonly acknowledged: readonly number[];
  readonly cancelled: ReadonlySet<number>;
  readonly faults: readonly PlayedFault[];
  /** What the farm never came to the end of. */
  readonly open: readonly string[];
}

const atOnce = 4;

/** Asks the farm for all that it knows. */
export async function gather(
  farm: ChaosFarm,
  load: Load,
  { faults, open }: { faults: readonly PlayedFault[]; open: readonly string[] },
): Promise<Evidence> {
  const { api, witness, mailbox, masters } = farm;
  const { event: newest } = await api.get('/api/v1/farm', farmSchema);
  await witness.until(({ number }) => number >= newest);
  const ledgers = readLedgers(farm.ledgers);
  const summaries = await api.all('/api/v1/builds', buildSummarySchema);
  const builds = await inParallel(summaries, ({ id }) =>
    api.get(`/api/v1/builds/${id}`, buildSchema),
  );
  const steps = builds.flatMap((build) => build.steps.map((step) => ({ build, step })));
  return {
    requests: await api.all('/api/v1/requests', requestSchema),
    builds,
    logs: await inParallel(steps, (each) => readLog(api, ledgers, each)),
    breakages: await api.all('/api/v1/breakages', breakageSummarySchema),
    notices: await api.all('/api/v1/notices', noticeSchema),
    deliveries: await api.all('/api/v1/deliveries', deliverySchema),
    events: await readEvents(farm.url, newest),
    seen: [...witness.sightings],
    contradictions: [...witness.contradictions],
    ledgers,
    receipts: mailbox.receipts,
    interruptions: [...masters.engines.flatMap(({ process }) => process.deaths), ...mailbox.cuts],
    acknowledged: load.acknowledged,
    cancelled: load.cancelled,
    faults,
    open,
  };
}

async function readEvents(url: string, newest: number): Promise<readonly ApiEvent[]> {
  await using witness = new Witness(url);
  await witness.until(({ number }) => number >= newest);
  return witness.sightings.map(({ event }) => event);
}

async function inParallel<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const take = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
  return results;
}
