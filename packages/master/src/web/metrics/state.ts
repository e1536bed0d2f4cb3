import { treeStatuses } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Clock } from '../../clock.ts';
import type { EngineVitals, FarmFacts } from '../../command.ts';
import { waitingDeliveries } from '../../store/deliveries.ts';
import { readerLags } from '../../store/readers.ts';
import type { Database } from '../../store/schema.ts';
import { workerStates } from '../../store/workers.ts';
import { readFarm } from '../read/farm.ts';
import { listUpstreams } from '../read/upstreams.ts';
import { weirVersion } from '../version.ts';

export interface StateContext {
  readonly db: Kysely<Database>;
  readonly farm: () => FarmFacts;
  /** Rejects when the engine is away; null when it counts elsewhere. */
  readonly vitals: () => Promise<EngineVitals | null>;
  readonly streams: () => number;
  readonly now: Clock;
}

/** How the farm is, as the store and the engine say when they are asked. */
export class StateMetrics {
  readonly #context: StateContext;
  readonly #registry: Registry;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  constructor(context: StateContext, registry: Registry) {
    this.#context = context;
    this.#registry = registry;
    this.#gauge('weir_info', 'The version that runs; always 1.', 1, { version: weirVersion });
  }

  /** Asks for everything anew. */
  async read(): Promise<void> {
    await this.#readEngine();
    await this.#readFarm();
    await this.#readWorkers();
    await this.#readTrunks();
    await this.#readNotices();
  }

  async #readEngine(): Promise<void> {
    const vitals = await this.#context.vitals().catch(() => undefined);
    this.#gauge('weir_engine_up', 'Whether the engine answers.', vitals === undefined ? 0 : 1);
    if (!vitals) return;
    const { commits, busyMs } = vitals;
    this.#counter('weir_engine_commits_total', 'Commits of the store.', commits);
    this.#counter(
      'weir_engine_busy_seconds_total',
      'Time in which the event loop of the engine was at work.',
      busyMs / 1_000,
    );
  }

  async #readFarm(): Promise<void> {
    const { db, farm, streams, now } = this.#context;
    const facts = farm();
    const { oldestWaitSince: since, ...state } = await readFarm(db, facts, now());
    const waitS = since === null ? 0 : Math.max(0, now() - since) / 1_000;
    this.#counter('weir_builds_total', 'Builds begun.', await newestId(db, 'build'));
    this.#counter('weir_requests_total', 'Requests written.', await newestId(db, 'request'));
    this.#counter('weir_events_total', 'Events written.', state.event);
    this.#gauge(
      'weir_builds_running',
      'Builds that run, detached ones included.',
      state.buildsRunning,
    );
    this.#gauge('weir_requests_waiting', 'Requests that wait.', state.waiting);
    this.#gauge('weir_request_oldest_wait_seconds', 'Age of the oldest request that waits.', waitS);
    this.#gauge('weir_slots', 'Slots of connected workers.', state.slots);
    this.#gauge('weir_slots_busy', 'Slots of connected workers that build.', state.slotsBusy);
    this.#gauge('weir_breakages_open', 'Breakages that are open.', state.breakages);
    this.#gauge('weir_warnings', 'Warnings that every page shows.', state.warnings.length);
    const isLow = facts.shortage !== null;
    this.#gauge('weir_disk_low', 'Whether room is too low to give out builds.', Number(isLow));
    this.#gauge('weir_live_streams', 'Live streams that are open.', streams());
  }

  async #readWorkers(): Promise<void> {
    const { db, farm } = this.#context;
    const { accepted, online, ...states } = await workerStates(db);
    const connected = farm().rules.isEngineAlive ? online : 0;
    this.#gauge('weir_workers', 'Workers that are accepted.', accepted);
    this.#gauge('weir_workers_online', 'Workers that are connected.', connected);
    const help = 'Workers that somebody should look at.';
    for (const [state, count] of Object.entries(states)) {
      this.#gauge('weir_workers_troubled', help, count, { state });
    }
  }

  async #readTrunks(): Promise<void> {
    const { db, farm, now } = this.#context;
    this.#gauges.get('weir_trunk_status')?.reset();
    const help = 'The tree status of each trunk: 1 for the one that holds.';
    for (const upstream of await listUpstreams(db, farm().rules, now())) {
      for (const { name, status } of upstream.trunks) {
        const trunk = `${upstream.name}/${name}`;
        for (const each of treeStatuses) {
          const labels = { trunk, status: each };
          this.#gauge('weir_trunk_status', help, Number(each === status), labels);
        }
      }
    }
  }

  async #readNotices(): Promise<void> {
    const { db, now } = this.#context;
    const { count, since } = await waitingDeliveries(db);
    this.#gauge('weir_deliveries_waiting', 'Notices on their way to somebody.', count);
    this.#gauge(
      'weir_delivery_oldest_wait_seconds',
      'Age of the oldest notice on its way.',
      since === null ? 0 : Math.max(0, now() - since) / 1_000,
    );
    for (const { name: reader, behind, passedOver } of await readerLags(db)) {
      const help = 'Events that a reader of the event log has not read yet.';
      this.#gauge('weir_reader_behind_events', help, behind, { reader });
      const passed = 'Events that a reader could not handle, and left.';
      this.#counter('weir_reader_passed_over_total', passed, passedOver, { reader });
    }
  }

  #gauge(name: string, help: string, value: number, labels: Record<string, string> = {}): void {
    const labelNames = Object.keys(labels);
    const registers = [this.#registry];
    const gauge = this.#gauges.get(name) ?? new Gauge({ name, help, labelNames, registers });
    this.#gauges.set(name, gauge);
    gauge.set(labels, value);
  }

  /** A count that somebody else keeps. */
  #counter(name: string, help: string, value: number, labels: Record<string, string> = {}): void {
    const labelNames = Object.keys(labels);
    const registers = [this.#registry];
    const counter = this.#counters.get(name) ?? new Counter({ name, help, labelNames, registers });
    this.#counters.set(name, counter);
    counter.remove(labels);
    counter.inc(labels, value);
  }
}

async function newestId(db: Kysely<Database>, table: 'build' | 'request'): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? 0;
}
