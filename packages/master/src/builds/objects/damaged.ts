import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { artifactsOfObject, dropArtifacts } from '../../store/artifacts.ts';
import { buildById } from '../../store/builds.ts';
import { recordEvents } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';
import type { Look } from './look.ts';
import type { ObjectStore } from './object-store.ts';
import type { ObjectsPlace } from './objects-place.ts';

export interface DamagedContext {
  readonly store: Store;
  readonly objects: ObjectStore;
  readonly objectsPlace: ObjectsPlace;
  readonly now: Clock;
  readonly log: Log;
  /** Copies of what artifacts there are follow the store. */
  readonly artifactsDropped: () => Promise<void>;
}

/**
 * Looks at artifacts that workers could not fetch whole. One whose bytes are wrong, or gone, is
 * dropped: what needs it then waits until it is built again. A worker is never believed unseen, and
 * may only name the artifact that its build was told to run with.
 */
export class Damaged {
  readonly #context: DamagedContext;
  /** One at a time: each reads a whole file. */
  #tail: Promise<void> = Promise.resolve();
  #thread: Worker | undefined;
  #isStopped = false;

  constructor(context: DamagedContext) {
    this.#context = context;
  }

  /** Resolves when the object that a build could not be run with was looked at, and dropped if need be. */
  look(build: number, sha256: string): Promise<void> {
    const looked = this.#tail.then(() => this.#look(build, sha256));
    this.#tail = looked.catch(() => {});
    return looked;
  }

  /** Ends the look under way; whoever waits for it hears an error. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#thread?.terminate();
  }

  async #look(build: number, sha256: string): Promise<void> {
    const { store, objects, now, log, artifactsDropped } = this.#context;
    if ((await buildById(store.read, build))?.runtime_sha256 !== sha256) return;
    const rows = await artifactsOfObject(store.read, sha256);
    if (rows.length === 0) return;
    const look = await this.#read(sha256);
    if (look.t === 'unread') {
      log.warn(`the object ${sha256}, which build ${build} could not fetch: ${look.text}`);
      return;
    }
    if (look.t === 'read' && look.sha256 === sha256) return;
    if (look.t === 'read') await objects.removeDamaged(sha256, look.version);
    const text = look.t === 'read' ? 'its bytes had changed' : look.text;
    log.warn(`the artifact ${sha256} is dropped, to be built again: ${text}`);
    const at = now();
    await store.unit(async (db) => {
      const ids = rows.map(({ id }) => id);
      await dropArtifacts(db, ids, at);
      const data = { sha256, build, text };
      const kind = 'artifact.dropped';
      await recordEvents(
        db,
        ids.map((id) => ({ at, kind, actor: 'engine', subject: `artifact/${id}`, data })),
      );
    });
    await artifactsDropped();
  }

  async #read(sha256: string): Promise<Look> {
    if (this.#isStopped) throw new Error('the farm stops');
    const thread = new Worker(new URL('./look-thread.ts', import.meta.url), {
      name: 'object check',
      workerData: { place: this.#context.objectsPlace, sha256 },
    });
    this.#thread = thread;
    try {
      return await new Promise<Look>((resolve, reject) => {
        thread.once('message', resolve);
        thread.once('error', reject);
        thread.once('exit', () => reject(new Error('the look at an object was ended')));
      });
    } finally {
      this.#thread = undefined;
    }
  }
}
