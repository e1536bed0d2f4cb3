import type { BuilderFacts, Farm } from '@weir/model';
import { buildersOf } from '@weir/model';
import { loadBuilder, loadBuilders } from '../dispatch/builders-in-force.ts';
import { cancelUnnamed } from '../dispatch/cancel-unnamed.ts';
import { activeBuilders, syncBuilders } from '../store/builders.ts';
import { recordEvents } from '../store/events.ts';
import { waitingRequests } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import { syncBranches } from '../upstream/sync-branches.ts';

/** The farm file in force and its builders: what every part of the engine goes by. */
export class FarmInForce {
  readonly #store: Store;
  #farm: Farm;
  #builders = new Map<number, BuilderFacts>();

  constructor(store: Store, farm: Farm) {
    this.#store = store;
    this.#farm = farm;
  }

  readonly farm = (): Farm => this.#farm;
  readonly builders = (): ReadonlyMap<number, BuilderFacts> => this.#builders;

  /**
   * Puts a farm file in force, as one unit: builders, followed branches, the text itself. Requests
   * of builders that it names no more are cancelled.
   */
  async apply(
    farm: Farm,
    file: { path: string; text: string; by: string; at: number },
  ): Promise<void> {
    const { path, text, by, at } = file;
    await this.#store.unit(async (db) => {
      await syncBuilders(db, buildersOf(farm));
      await syncBranches(db, farm, at);
      const builders = new Set((await activeBuilders(db)).map((row) => row.id));
      for (const request of await waitingRequests(db)) {
        if (!builders.has(request.builder_id)) {
          await cancelUnnamed(db, request.id, at);
        }
      }
      const newest = await db
        .selectFrom('farm_version')
        .select('text')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (newest?.text === text) return;
      await db
        .insertInto('farm_version')
        .values({ text, path, applied_at: at, applied_by: by })
        .execute();
      await recordEvents(db, [
        { at, kind: 'farm.applied', actor: by, subject: 'farm', data: { name: farm.name, path } },
      ]);
    });
    // Together: the builders of one file mean nothing under another.
    this.#builders = await loadBuilders(this.#store.read, farm);
    this.#farm = farm;
  }

  /** Reads one builder anew: its pause, verdict, duration. */
  async refreshOne(id: number): Promise<void> {
    const farm = this.#farm;
    const known = this.#builders.get(id);
    if (known === undefined) return;
    const facts = await loadBuilder(this.#store.read, known);
    // Another farm file may have come into force meanwhile.
    if (this.#farm === farm) this.#builders.set(id, facts);
  }
}
