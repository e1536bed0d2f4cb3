import type { BuilderFacts, Trial } from '@weir/model';
import { afterTrial } from '@weir/model';
import type { Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LiveBuilds } from '../builds/live-builds.ts';
import type { Clock } from '../clock.ts';
import type { LoggedEvent } from '../events/reader.ts';
import { EventReader } from '../events/reader.ts';
import type { Log } from '../log.ts';
import { buildById } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import { setStanding, setTrust, waitingTrials } from '../store/probation.ts';
import type { RequestRow } from '../store/requests.ts';
import { cancelRequest } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { WorkerRow } from '../store/workers.ts';
import { workerById } from '../store/workers.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import { writeTrial } from './trials.ts';

export interface ProbationContext {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  readonly sessions: Sessions;
  readonly builds: LiveBuilds;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  /** A trial was written. */
  readonly asked: (request: RequestRow) => void;
  /** Requests that wait no more. */
  readonly gone: (ids: readonly number[]) => void;
  /** A worker may take other builds from now on. */
  readonly freed: () => void;
}

/** Has new workers repeat builds whose answer is known, until they have shown that they find it too. */
export class Probation {
  readonly #context: ProbationContext;
  #reader: EventReader | undefined;
  /** By worker, the builders that its policy is against, as far as it said in this engine's life. */
  readonly #declined = new Map<number, Set<number>>();
  #considering: Promise<void> = Promise.resolve();

  constructor(context: ProbationContext) {
    this.#context = context;
  }

  /** Judges trials by their ends, from now on: once per farm. */
  start(): Promise<void> {
    const { store, now, log } = this.#context;
    this.#reader = new EventReader({
      store,
      now,
      log,
      name: 'probation',
      concerns: ({ kind, data }) => kind === 'build.finished' && data['trial'] !== undefined,
      handle: (db, event) => this.#ended(db, event),
    });
    return this.#reader.start();
  }

  wake(): void {
    this.#reader?.wake();
  }

  /** Ends what is under way. Workers are asked for trials all the same. */
  async stop(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.stop();
    await this.#considering;
  }

  /** Asks each connected worker on probation for its next trial, unless it is at one. */
  consider(): Promise<void> {
    const { sessions, log } = this.#context;
    this.#considering = this.#considering.then(async () => {
      for (const session of sessions.all()) {
        try {
          if (session.trust === 'probation' && !this.#isTried(session)) await this.#try(session);
        } catch (error) {
          const { name } = session;
          log.warn(`no trial for worker ${name}: ${String(error)}`, { worker: name });
        }
      }
    });
    return this.#considering;
  }

  #isTried({ id }: Session): boolean {
    const { builds } = this.#context;
    return [...builds.all()].some((build) => build.workerId === id && build.trial !== null);
  }

  async #try(session: Session): Promise<void> {
    const { store, now, builders, asked, gone, freed } = this.#context;
    const declined = this.#declined.get(session.id) ?? new Set();
    this.#declined.set(session.id, declined);
    const trials = await store.unit((db) =>
      writeTrial(db, session, { builders: builders(), declined, at: now() }),
    );
    if (trials === undefined) return;
    gone(trials.dropped.map(({ id }) => id));
    if (session.isProbeable && !trials.isProbeable) freed();
    session.isProbeable = trials.isProbeable;
    if (trials.asked !== undefined) asked(trials.asked);
  }

  async #ended(
    db: Kysely<Database>,
    { subject, data }: LoggedEvent,
  ): Promise<(() => void) | undefined> {
    const build = await buildById(db, Number(subject.split('/')[1]));
    const worker = build && (await workerById(db, build.worker_id));
    if (worker?.trust !== 'probation') return undefined;
    const run = { trial: data['trial'] as Trial, result: data['result'] as Result };
    const at = this.#context.now();
    const { outcome, standing } = afterTrial(standingOf(worker), run, at);
    await setStanding(db, worker.id, standing);
    if (outcome === 'promoted') await setTrust(db, worker.id, 'normal');
    const dropped = outcome === 'disagreed' ? await waitingTrials(db, worker.id) : [];
    for (const { id } of dropped) await cancelRequest(db, id, { at, supersededBy: null });
    if (outcome !== 'none') {
      const { agreed, disagreed } = standing;
      const facts = { build: build?.id, builder: data['builder'], agreed, disagreed };
      const about = { actor: 'engine', subject: `worker/${worker.name}` };
      await recordEvents(db, [{ at, kind: `worker.${outcome}`, ...about, data: facts }]);
    }
    return () => {
      this.#context.gone(dropped.map(({ id }) => id));
      if (outcome === 'promoted') this.#promote(worker.id);
      void this.consider();
    };
  }

  #promote(workerId: number): void {
    const session = this.#context.sessions.of(workerId);
    if (session === undefined) return;
    session.trust = 'normal';
    this.#context.freed();
  }
}

function standingOf(worker: WorkerRow): Parameters<typeof afterTrial>[0] {
  return {
    agreed: worker.probation_agreed,
    disagreed: worker.probation_disagreed,
    notBefore: worker.probation_not_before,
  };
}
