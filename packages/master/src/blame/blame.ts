import { isConclusive, judge } from '@weir/model';
import type { Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { LoggedEvent } from '../events/reader.ts';
import { EventReader } from '../events/reader.ts';
import type { Log } from '../log.ts';
import { deleteSuspicion, heldBuilders } from '../store/breakages.ts';
import { builderById } from '../store/builders.ts';
import { buildById } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import type { RequestRow } from '../store/requests.ts';
import { requestById } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { workerById } from '../store/workers.ts';
import type { Case } from './acts.ts';
import { clear, close, closeUnnamed, suspect } from './acts.ts';
import { askOnceMore, endsInconclusively } from './ask-again.ts';
import { confirmBreakage } from './confirm.ts';
import { heldAgainst, isBefore, placeOf } from './standing.ts';

export interface BlameOptions {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  /** A run that blame needs was written. */
  asked(request: RequestRow): void;
}

/** Turns the ends of builds into suspicions and breakages: asks for the runs it needs, and stores its answers. */
export class Blame {
  readonly #options: BlameOptions;
  readonly #reader: EventReader;
  /** By name, the builders that something is held against: a green of any other is no news. */
  #held = new Set<string>();

  constructor(options: BlameOptions) {
    this.#options = options;
    const { store, now, log } = options;
    this.#reader = new EventReader({
      store,
      now,
      log,
      name: 'blame',
      concerns: (event) => this.#concerns(event),
      handle: (db, event) => this.#handle(db, event),
    });
  }

  async start(): Promise<void> {
    await this.dropUnnamed();
    await this.#reader.start();
  }

  /** Another farm file is in force: nothing is held against builders that it does not name. */
  async dropUnnamed(): Promise<void> {
    const { store, now } = this.#options;
    this.#held = await store.unit(async (db) => {
      await closeUnnamed(db, now());
      return new Set(await heldBuilders(db));
    });
  }

  /** Something may have been committed. */
  wake(): void {
    this.#reader.wake();
  }

  stop(): Promise<void> {
    return this.#reader.stop();
  }

  #concerns(event: LoggedEvent): boolean {
    const { kind, data } = event;
    if (endsInconclusively(event)) return this.#mayBeHeld(data['builder']);
    if (kind !== 'build.finished' || isTrialRun(data['trial'])) return false;
    const result = data['result'] as Result;
    if (!isConclusive(result)) return false;
    const isNews = result === 'failure' && data['green'] !== null;
    return isNews || this.#mayBeHeld(data['builder']);
  }

  /** An event need not name the builder. */
  #mayBeHeld(builder: unknown): boolean {
    return typeof builder === 'string' ? this.#held.has(builder) : this.#held.size > 0;
  }

  async #handle(db: Kysely<Database>, event: LoggedEvent): Promise<(() => void) | undefined> {
    if (endsInconclusively(event)) {
      const again = await askOnceMore(db, event, this.#options.now());
      return again && (() => this.#options.asked(again));
    }
    const { subject, data } = event;
    const build = await buildById(db, Number(subject.split('/')[1]));
    if (build === undefined) return undefined;
    const builder = await builderById(db, build.builder_id);
    const request = await requestById(db, build.request_id);
    if (builder === undefined || request === undefined || builder.active === 0) return undefined;
    const held = await heldAgainst(db, builder.id, data['green'] as number | null);
    const judged = { build, builder, request, held, at: this.#options.now() };
    return this.#act(db, judged);
  }

  async #act(db: Kysely<Database>, judged: Case): Promise<(() => void) | undefined> {
    const { build, builder, request, held, at } = judged;
    const worker = await workerById(db, build.worker_id);
    const run = {
      result: build.result ?? 'exception',
      wasGreen: held.greenBuildId !== null,
      isOlder: held.place !== undefined && isBefore(placeOf(request), held.place),
      onProbation: worker?.trust === 'probation',
    };
    switch (judge(run, held.standing)) {
      case 'none':
        return undefined;
      case 'suspect': {
        const again = await suspect(db, judged);
        return () => {
          this.#held.add(builder.name);
          this.#options.asked(again);
        };
      }
      case 'confirm': {
        if (held.suspicion === undefined) return undefined;
        await deleteSuspicion(db, builder.id);
        await recordEvents(db, [await confirmBreakage(db, builder, held.suspicion, build, at)]);
        return undefined;
      }
      case 'clear': {
        const revived = await clear(db, judged);
        return () => {
          this.#held.delete(builder.name);
          for (const wanted of revived) this.#options.asked(wanted);
        };
      }
      case 'close':
        await close(db, judged);
        return () => this.#held.delete(builder.name);
    }
  }
}

/** Its answer was known: it says something about its worker, and nothing about the code. */
function isTrialRun(trial: unknown): boolean {
  return trial === 'known' || trial === 'runtime';
}
