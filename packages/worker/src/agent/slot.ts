import type { BuildSpec, SandboxKind } from '@weir/protocol';
import type { Say } from '../owner/say.ts';
import type { FindRunner, Runner } from '../runner/find-runner.ts';
import { readWrittenBuild } from '../runner/held-build.ts';
import type { RunnerEvent, RunnerState } from '../runner/messages.ts';
import { slotPaths } from '../runner/paths.ts';
import { agentVersion } from '../version.ts';
import { Feed } from './feed.ts';

export interface SlotOptions {
  readonly dir: string;
  readonly sandbox: SandboxKind;
  readonly remotes: Readonly<Record<string, string>>;
  /** The farm's web address. */
  readonly farm: string;
  readonly findRunner: FindRunner;
  /** The slot is free again, or its runner is back. */
  readonly changed: () => void;
  /** Another build is here than the farm was told, or none: the next hello says so. */
  readonly relink: () => void;
  readonly say: Say;
}

/** A runner that can't be started is tried again after so long. */
const restartMs = 1_000;
/** A runner that is connected says at once what it has, unless it is frozen. */
const firstWordMs = 10_000;

/** Room for one build: the runner's process, and the feed of what it does. */
export class Slot {
  readonly #options: SlotOptions;
  #runner: Runner | null = null;
  #feed: Feed | null = null;
  /** Of the build that this agent began last. */
  #spec: BuildSpec | null = null;
  /** A build that nobody wants any more is being ended there. */
  #hasLeftover = false;
  #isFinished = false;
  /** The runner is of another agent's version: once it has nothing to do, one of this version takes its place. */
  #isOutdated = false;
  #isClosed = false;
  #known: Promise<void> = Promise.resolve();

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get isFree(): boolean {
    const isIdle = this.#feed === null && !this.#hasLeftover;
    return this.#runner !== null && !this.#isOutdated && isIdle;
  }

  get feed(): Feed | null {
    return this.#feed;
  }

  /** Its build came to its end, whether the farm knows or not. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Resolves once it is known what the slot has: a hello before that would give a build up. */
  get known(): Promise<void> {
    return this.#known;
  }

  /**
   * Finds the runner of this slot by its socket, with the build that an earlier agent gave it, or
   * starts one. @throws Error when none can be started
   */
  open(): Promise<void> {
    const opening = this.#open();
    this.#known = opening.catch(() => {});
    return opening;
  }

  async #open(): Promise<void> {
    const first = Promise.withResolvers<void>();
    /** The last word before the runner is this slot's: more than one may come at once. */
    let state: RunnerState | null = null;
    const onEvent = (event: RunnerEvent): void => {
      if (this.#runner !== null) return this.#hear(event);
      if (event.t !== 'state') return;
      state = event;
      first.resolve();
    };
    const { dir, findRunner, say } = this.#options;
    const runner = await findRunner(dir, onEvent);
    void runner.closed.then(() => first.resolve());
    const giveUp = setTimeout(() => first.resolve(), firstWordMs);
    await first.promise;
    clearTimeout(giveUp);
    if (state === null) {
      runner.close();
      say(`the runner of ${dir} does not answer; it is asked again`);
      this.#adoptWritten();
      return this.#openLater();
    }
    this.#runner = runner;
    void runner.closed.then(() => this.#lost(runner));
    this.#adopt(state);
  }

  /** A runner that is frozen still has its build: its folder says which. */
  #adoptWritten(): void {
    const written = readWrittenBuild(slotPaths(this.#options.dir));
    if (written === null || this.#feed !== null) return;
    const { number: build, entries, isFinished: finished } = written;
    this.#adopt({ t: 'state', build, epoch: null, entries, finished });
  }

  /** Begins a build. The feed is attached to the link by the caller. */
  run(spec: BuildSpec, epoch: number): Feed {
    const { dir, sandbox, remotes, farm } = this.#options;
    const feed = new Feed(spec.build, epoch, dir, () => this.#filesGone());
    this.#feed = feed;
    this.#spec = spec;
    this.#isFinished = false;
    this.#runner?.run({ spec, epoch, remotes: { ...remotes }, sandbox, farm });
    return feed;
  }

  cancel(reason: string): void {
    this.#runner?.cancel(reason);
  }

  /** The farm gave the build up, and takes what there is of it: there is no sense in going on. */
  end(): void {
    if (!this.#isFinished) this.#runner?.cancel('the farm gave it up');
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

  #filesGone(): void {
    const { dir, say } = this.#options;
    say(`build ${this.#feed?.build} is given up: its files in ${dir} can't be read`);
    this.abort();
  }

  #endFeed(): void {
    this.#feed?.detach();
    this.#feed = null;
  }

  /** What a runner has that was just connected. */
  #adopt({ build, epoch, entries, finished, version }: RunnerState): void {
    const hadBuild = this.#feed !== null;
    this.#endFeed();
    this.#hasLeftover = false;
    this.#isFinished = finished;
    this.#isOutdated = version !== undefined && version !== agentVersion;
    if (build === null) {
      if (this.#isOutdated) this.#runner?.exit();
    } else {
      // The farm names its epoch when it answers to the hello.
      this.#feed = new Feed(build, epoch ?? 1, this.#options.dir, () => this.#filesGone());
      this.#feed.wrote(entries);
    }
    if (hadBuild || build !== null) this.#options.relink();
  }

  #hear(event: RunnerEvent): void {
    if (event.t === 'grew') {
      this.#feed?.pump();
      return;
    }
    if (event.build === null) {
      const wasBusy = this.#hasLeftover;
      this.#hasLeftover = false;
      if (this.#isOutdated) this.#runner?.exit();
      else if (wasBusy) this.#options.changed();
    } else if (event.build === this.#feed?.build) {
      if (event.finished && !this.#isFinished) this.#sayException(event);
      this.#isFinished = event.finished;
      this.#feed.wrote(event.entries);
    }
  }

  /** It may be something that only the owner of this machine can mend. */
  #sayException({ build, exception }: RunnerState): void {
    if (exception === undefined || build === null) return;
    // An agent that came when it ran already has only its id.
    const spec = this.#spec?.build === build ? this.#spec : null;
    const name = spec === null ? String(build) : `${spec.builder} #${spec.number}`;
    const about = { build, ...(spec && { builder: spec.builder }) };
    this.#options.say(`build ${name}: exception: ${exception}`, about);
  }

  /** Its sandbox died with it, and so did the build, unless that was over. */
  #lost(runner: Runner): void {
    if (this.#runner !== runner || this.#isClosed) return;
    this.#runner = null;
    // Its files may go at any moment.
    this.#feed?.detach();
    const { dir, say } = this.#options;
    if (!this.#isOutdated) say(`the runner of ${dir} ended; it is started again`);
    this.#reopen();
  }

  #reopen(): void {
    this.open()
      .then(() => this.#options.changed())
      .catch((error: unknown) => {
        this.#options.say(String(error));
        this.#openLater();
      });
  }

  #openLater(): void {
    setTimeout(() => {
      if (!this.#isClosed) this.#reopen();
    }, restartMs).unref();
  }
}
