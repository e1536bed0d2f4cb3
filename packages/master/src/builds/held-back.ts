import type { Session } from '../workers/session.ts';
import type { LiveBuild } from './live-build.ts';
import type { LogSink } from './log-sink.ts';

/**
 * What a worker sent of a build and could not be stored just now. It is dropped, not kept: the worker
 * has it all, and is asked to go back to what is stored once there is room.
 */
export class HeldBack {
  readonly #logs: LogSink;
  readonly #failed: (build: LiveBuild, session: Session, step: number, error: unknown) => void;

  /** @param failed where a log is stored to could not be told */
  constructor(
    logs: LogSink,
    failed: (build: LiveBuild, session: Session, step: number, error: unknown) => void,
  ) {
    this.#logs = logs;
    this.#failed = failed;
  }

  /** Something of this step, of its log or about it, was dropped, and is to come again after `until`. */
  hold(build: LiveBuild, session: Session, step: number, until: Promise<void>): void {
    if (build.session !== session) return;
    // Entries of the journal that follow the one that was dropped are on their way.
    build.isRewinding = true;
    const isWaiting = build.heldBack.size > 0;
    build.heldBack.add(step);
    if (!isWaiting) void until.then(() => this.#askAgain(build, session));
  }

  async #askAgain(build: LiveBuild, session: Session): Promise<void> {
    // Another link of the worker goes on from what is stored anyway.
    if (build.session !== session) return;
    const steps = [...build.heldBack];
    build.heldBack.clear();
    for (const step of steps) {
      const id = build.logs[step];
      if (id === undefined) continue;
      try {
        const offset = await this.#logs.position({ id, file: build.file });
        if (build.session !== session) return;
        const log = { step, offset };
        session.send({ t: 'rewind', build: build.id, epoch: build.epoch, log });
      } catch (error) {
        this.#failed(build, session, step, error);
      }
    }
  }
}
