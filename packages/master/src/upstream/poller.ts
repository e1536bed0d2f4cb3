import type { Farm, FollowedBranch } from '@weir/model';
import { followedBranchesOf } from '@weir/model';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import { followRepository } from './follow-repository.ts';
import { PollLoop } from './poll-loop.ts';
import { Semaphore } from './semaphore.ts';

export interface PollerOptions {
  readonly store: Store;
  readonly farm: () => Farm;
  /** The mirrors are under its `mirrors`. */
  readonly dataDir: string;
  readonly now: Clock;
  readonly log: Log;
  /** Whether there is room for what a fetch brings; without it the remotes are not asked. */
  readonly hasRoom: () => boolean;
  /** Changes of this branch were written. */
  readonly onChanges: (branch: string) => void;
}

/** Follows every branch of the farm file. */
export interface Poller {
  /** Begins to follow; called again after another farm file was put in force. */
  start(): void;
  /** Asks for one branch (and the others of its repository) now; resolves when that is done. */
  poll(branch: string): Promise<void>;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

/** Remotes that are asked at once. */
const atOnce = 4;

/** Branches of one repository share a mirror, a question and a loop. */
export function createPoller(options: PollerOptions): Poller {
  const { farm, log } = options;
  const places = new Semaphore(atOnce);
  const stopping = new AbortController();
  const loops = new Map<string, PollLoop>();
  let followed: ReadonlyMap<string, readonly FollowedBranch[]> = new Map();

  async function ask(url: string): Promise<boolean> {
    using _place = await places.take();
    const branches = followed.get(url) ?? [];
    if (stopping.signal.aborted || branches.length === 0 || !options.hasRoom()) return true;
    try {
      return await followRepository({ ...options, signal: stopping.signal }, url, branches);
    } catch (error) {
      if (!stopping.signal.aborted) log.warn(`the poll of ${url} failed: ${String(error)}`);
      return false;
    }
  }

  function everyMs(url: string): number | null {
    const branches = followed.get(url);
    return branches === undefined ? null : Math.min(...branches.map(({ pollMs }) => pollMs));
  }

  function loopOf(url: string): PollLoop {
    const loop =
      loops.get(url) ??
      new PollLoop(
        () => ask(url),
        () => everyMs(url),
      );
    loops.set(url, loop);
    return loop;
  }

  return {
    start() {
      followed = Map.groupBy(followedBranchesOf(farm()), ({ repository }) => repository);
      for (const url of followed.keys()) void loopOf(url).poll();
    },
    async poll(name) {
      for (const [url, branches] of followed) {
        if (branches.some((branch) => branch.name === name)) await loopOf(url).poll();
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all([...loops.values()].map((loop) => loop.stop()));
    },
  };
}
