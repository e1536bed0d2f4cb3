import { afterSilence } from '@weir/model';
import { leaseMs } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import { builderById } from '../store/builders.ts';
import type { BuildRow } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import {
  detachBuild,
  expiredBuilds,
  renewAllLeases,
  renewLeases,
  waitForDetached,
} from '../store/leases.ts';
import { setHeard } from '../store/presence.ts';
import type { Store } from '../store/store.ts';
import type { Session } from '../workers/session.ts';
import type { LiveBuilds } from './live-builds.ts';
import { buildEvent } from './settle-build.ts';

export interface LeasesContext {
  readonly store: Store;
  readonly now: Clock;
  readonly builds: LiveBuilds;
  /** How long a detached build is waited for, in milliseconds. */
  readonly reattachWithinMs: () => number;
}

export const reapEveryMs = 5_000;
export const renewEveryMs = 30_000;

/** The time that each build may go without a word, and what becomes of those that exceed it. */
export class Leases {
  readonly #context: LeasesContext;
  #renewedAt: number;
  #reapedAt: number;

  constructor(context: LeasesContext) {
    this.#context = context;
    this.#renewedAt = context.now();
    this.#reapedAt = context.now();
  }

  /** Leases of the engine before this one begin again: nobody could renew them while none ran. */
  async start(): Promise<void> {
    const { store, now } = this.#context;
    await store.unit((db) => renewAllLeases(db, now() + leaseMs));
  }

  /** Renews the leases of builds whose worker was heard from since the last renewal. */
  async renew(sessions: readonly Session[]): Promise<void> {
    const { store, now, builds } = this.#context;
    const since = this.#renewedAt;
    this.#renewedAt = now();
    const heard = sessions.filter((session) => session.heardAt >= since);
    if (heard.length === 0) return;
    // A build that no link reports is not renewed, whatever its worker does else.
    const reported = [...builds.all()].filter(
      ({ session }) => session !== undefined && session.heardAt >= since,
    );
    const back = reported.filter(({ isDetached }) => isDetached);
    await store.unit(async (db) => {
      const at = now();
      await renewLeases(db, reported, at + leaseMs);
      await setHeard(
        db,
        heard.map(({ id }) => id),
        at,
      );
      for (const build of back) {
        const builder = await builderById(db, build.builderId);
        if (builder === undefined) continue;
        await recordEvents(db, [
          buildEvent('build.attached', builder, build, at, { epoch: build.epoch }),
        ]);
      }
    });
    for (const build of back) build.isDetached = false;
  }

  /** What passed before this engine led is nobody's: from now on it waits for those that are detached. */
  beginReaping(): void {
    this.#reapedAt = this.#context.now();
  }

  /** The reaper: detaches the builds whose lease ran out, and gives up those that stay away. */
  async reap(): Promise<void> {
    const { store, now, reattachWithinMs } = this.#context;
    const at = now();
    // An engine that was frozen meanwhile has heard nobody: that time is not the worker's.
    const waited = Math.min(at - this.#reapedAt, 2 * reapEveryMs);
    this.#reapedAt = at;
    const expired = await expiredBuilds(store.read, at);
    if (expired.some(({ state }) => state === 'detached')) {
      await store.unit((db) => waitForDetached(db, waited));
    }
    for (const row of expired) {
      const { lease_until: leaseUntil, detached_ms: before } = row;
      const state = row.state === 'detached' ? 'detached' : 'running';
      const detachedMs = state === 'detached' ? before + waited : 0;
      const rule = { now: at, reattachWithinMs: reattachWithinMs() };
      const act = afterSilence({ leaseUntil, state, detachedMs }, rule);
      if (act === 'lose' || (act === 'detach' && row.cancel_reason !== null)) {
        await this.#context.builds.lose(row, 'its worker was out of reach for too long');
      } else if (act === 'detach') {
        await this.#detach(row, at);
      }
    }
  }

  async #detach(row: BuildRow, at: number): Promise<void> {
    const { store, builds } = this.#context;
    const isDetached = await store.unit(async (db) => {
      if (!(await detachBuild(db, row.id, { epoch: row.epoch, at }))) return false;
      const builder = await builderById(db, row.builder_id);
      if (builder === undefined) throw new Error(`build ${row.id} has no builder`);
      const build = { id: row.id, number: row.number, requestId: row.request_id };
      await recordEvents(db, [buildEvent('build.detached', builder, build, at, {})]);
      return true;
    });
    const build = builds.get(row.id);
    if (isDetached && build !== undefined) build.isDetached = true;
  }
}
