import type { BuildSpec, SandboxKind } from '@weir/protocol';
import { connectRunner } from '../runner/client.ts';
import type { RunnerClient } from '../runner/client.ts';
import type { RunnerEvent } from '../runner/messages.ts';
import { startRunner } from '../runner/start-runner.ts';
import { Feed } from './feed.ts';

export interface SlotOptions {
  readonly dir: string;
  readonly sandbox: SandboxKind;
  readonly remotes: Readonly<Record<string, string>>;
  /** The slot is free again, or its runner is back. */
  readonly changed: () => void;
  /** The runner died, and a build with it. */
  readonly lostBuild: () => void;
  readonly warn: (message: string) => void;
}

/** A runner that died is started again after so long. */
const restartMs = 1_000;

/** Room for one build: the runner's process, and the feed of what it does. */
export class Slot {
  readonly #options: SlotOptions;
  #runner: RunnerClient | null = null;
  #feed: Feed | null = null;
  /** What an earlier agent of this machine left running: it is ended before anything else. */
  #hasLeftover = false;
  #isClosed = false;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get isFree(): boolean {
    return this.#runner !== null && this.#feed === null && !this.#hasLeftover;
  }

  get feed(): Feed | null {
    return this.#feed;
  }

  /** Finds the runner of this slot by its socket, or starts one. @throws Error when it does not answer */
  async open(): Promise<void> {
    const onEvent = (event: RunnerEvent): void => this.#hear(event);
    const { dir } = this.#options;
    const runner =
      (await connectRunner(dir, onEvent).catch(() => null)) ?? (await startRunner(dir, onEvent));
    this.#runner = runner;
    void runner.closed.then(() => this.#lost(runner));
  }

  /** Begins a build. The feed is attached to the link by the caller. */
  run(spec: BuildSpec, epoch: number): Feed {
    const { dir, sandbox, remotes } = this.#options;
    const feed = new Feed(spec.build, epoch, dir);
    this.#feed = feed;
    this.#runner?.run({ spec, epoch, remotes: { ...remotes }, sandbox });
    return feed;
  }

  cancel(reason: string): void {
    this.#runner?.cancel(reason);
  }

  /** Ends the build and forgets it. The slot is free when the runner says so. */
  abort(): void {
    this.#endFeed();
    this.#hasLeftover = true;
    this.#runner?.abort();
  }

  /** The farm has all of it. */
  forget(): void {
    this.#endFeed();
    this.#hasLeftover = true;
    this.#runner?.forget();
  }

  /** Leaves the runner: with `exit` it ends, and a build with it. */
  close(exit: boolean): void {
    this.#isClosed = true;
    this.#endFeed();
    if (exit) this.#runner?.exit();
    this.#runner?.close();
  }

  #endFeed(): void {
    this.#feed?.detach();
    this.#feed = null;
  }

  #hear(event: RunnerEvent): void {
    if (event.t === 'grew') {
      this.#feed?.pump();
      return;
    }
    if (event.build === null) {
      const wasBusy = this.#hasLeftover;
      this.#hasLeftover = false;
      if (wasBusy) this.#options.changed();
    } else if (event.build === this.#feed?.build) {
      this.#feed.wrote(event.entries);
    } else {
      // Not ours: the agent before this one died, and the farm has given that build up.
      this.#hasLeftover = true;
      this.#runner?.abort();
    }
  }

  #lost(runner: RunnerClient): void {
    if (this.#runner !== runner || this.#isClosed) return;
    this.#runner = null;
    const { dir, warn } = this.#options;
    warn(`the runner of ${dir} ended; it is started again`);
    // Its sandbox died with it, and so did the build.
    const hadBuild = this.#feed !== null;
    this.#endFeed();
    this.#hasLeftover = false;
    if (hadBuild) this.#options.lostBuild();
    this.#restart();
  }

  #restart(): void {
    setTimeout(() => {
      if (this.#isClosed) return;
      this.open()
        .then(() => this.#options.changed())
        .catch((error: unknown) => {
          this.#options.warn(String(error));
          this.#restart();
        });
    }, restartMs).unref();
  }
}
