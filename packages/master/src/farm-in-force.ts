import type { BuilderFacts, Farm } from '@weir/model';
import { buildersOf } from '@weir/model';
import { loadBuilder, loadBuilders } from './dispatch/builders-in-force.ts';
import { activeBuilders, syncBuilders } from './store/builders.ts';
import { recordEvents } from './store/events.ts';
import { cancelRequest, waitingRequests } from './store/requests.ts';
import type { Store } from './store/store.ts';
import { syncBranches } from './upstream/sync-branches.ts';

/** The farm file in force and its builders: what every part of the engine goes by. */
export class FarmInForce {
  readonly #store: Store;
  #farm: Farm;
  #builders: ReadonlyMap<number, BuilderFacts> = new Map();

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
          await cancelRequest(db, request.id, { at, supersededBy: null });
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
    this.#farm = farm;
    await this.refresh();
  }

  /** Reads what the store knows of the builders anew: pauses, verdicts, durations. */
  async refresh(): Promise<void> {
    this.#builders = await loadBuilders(this.#store.read, this.#farm);
  }

  /** Reads one builder anew, after a build of it. */
  async refreshOne(id: number): Promise<void> {
    const known = this.#builders.get(id);
    if (known === undefined) return;
    const facts = await loadBuilder(this.#store.read, known);
    this.#builders = new Map(this.#builders).set(id, facts);
  }
}
