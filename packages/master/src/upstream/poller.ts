import { join } from 'node:path';
import type { Farm, FollowedBranch } from '@weir/model';
import { followedBranchesOf } from '@weir/model';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { branchByName } from '../store/branches.ts';
import type { Store } from '../store/store.ts';
import { followBranch, recordState } from './follow-branch.ts';
import { Mirror } from './mirror.ts';
import { remoteAddress } from './repository-url.ts';
import { Semaphore } from './semaphore.ts';

export interface PollerOptions {
  readonly store: Store;
  readonly farm: () => Farm;
  readonly dataDir: string;
  readonly now: Clock;
  readonly log: Log;
  /** Changes of this branch were written. */
  readonly onChanges: (branch: string) => void;
}

/** Follows every branch of the farm file. */
export interface Poller {
  /** Begins to follow; called again after another farm file was put in force. */
  start(): void;
  /** Asks for one branch (and the others of its repository) now; resolves when that is done. */
  poll(branch: string): Promise<void>;
  stop(): Promise<void>;
}

/** Remotes that are asked at once. */
const atOnce = 4;
/** After each failure in a row the wait doubles, up to this many times the poll interval. */
const maxBackOff = 16;

/** One repository with the branches of it that are followed: one mirror, one question. */
interface Repository {
  readonly url: string;
  branches: readonly FollowedBranch[];
  failures: number;
  timer: NodeJS.Timeout | undefined;
  running: Promise<void> | undefined;
}

export function createPoller(options: PollerOptions): Poller {
  const { store, farm, now, log } = options;
  const repositories = new Map<string, Repository>();
  const places = new Semaphore(atOnce);
  const stopping = new AbortController();

  async function ask(repository: Repository): Promise<void> {
    using _place = await places.take();
    if (stopping.signal.aborted) return;
    const { url, branches } = repository;
    try {
      const remote = remoteAddress(url, farm().remotes);
      const root = join(options.dataDir, 'mirrors');
      const mirror = await Mirror.open(root, url, remote, stopping.signal);
      const { heads, isEmpty } = await mirror.remoteHeads(branches.map(({ ref }) => ref));
      for (const { name, ref } of branches) {
        const tip = heads.get(ref);
        if (tip === undefined) await report(name, isEmpty ? 'empty' : 'deleted', null);
        else if (await followBranch({ store, now }, mirror, name, tip)) options.onChanges(name);
      }
      repository.failures = 0;
    } catch (error) {
      if (stopping.signal.aborted) return;
      repository.failures += 1;
      const why = error instanceof Error ? error.message : String(error);
      if (repository.failures === 1) log.warn(`${url} can't be followed: ${why}`);
      for (const { name } of branches) await report(name, 'unreachable', why);
    }
  }

  async function report(
    name: string,
    state: 'empty' | 'deleted' | 'unreachable',
    error: string | null,
  ): Promise<void> {
    const branch = await branchByName(store.read, name);
    if (branch !== undefined) await recordState({ store, now }, branch, state, error);
  }

  /** One question after another; who asks meanwhile shares the next one. */
  function run(repository: Repository): Promise<void> {
    clearTimeout(repository.timer);
    const before = repository.running ?? Promise.resolve();
    const running = before
      .then(() => ask(repository))
      .catch((error: unknown) => log.warn(`poll of ${repository.url}: ${String(error)}`))
      .finally(() => {
        if (repository.running !== running) return;
        repository.running = undefined;
        schedule(repository);
      });
    repository.running = running;
    return running;
  }

  function schedule(repository: Repository): void {
    if (stopping.signal.aborted || !repositories.has(repository.url)) return;
    const { failures, branches } = repository;
    const pollMs = Math.min(...branches.map((branch) => branch.pollMs));
    const backOff = failures === 0 ? 1 : Math.min(2 ** failures, maxBackOff);
    // Spread, so that many repositories on one server are not asked in the same second.
    const spread = 0.9 + Math.random() * 0.2;
    repository.timer = setTimeout(() => void run(repository), pollMs * backOff * spread);
    repository.timer.unref();
  }

  return {
    start() {
      const followed = Map.groupBy(followedBranchesOf(farm()), ({ repository }) => repository);
      for (const [url, repository] of repositories) {
        if (followed.has(url)) continue;
        clearTimeout(repository.timer);
        repositories.delete(url);
      }
      for (const [url, branches] of followed) {
        const repository = repositories.get(url) ?? {
          url,
          branches,
          failures: 0,
          timer: undefined,
          running: undefined,
        };
        repository.branches = branches;
        repositories.set(url, repository);
        void run(repository);
      }
    },
    async poll(name) {
      for (const repository of repositories.values()) {
        if (repository.branches.some((branch) => branch.name === name)) await run(repository);
      }
    },
    async stop() {
      stopping.abort();
      for (const { timer } of repositories.values()) clearTimeout(timer);
      for (const { running } of repositories.values()) await running;
    },
  };
}
