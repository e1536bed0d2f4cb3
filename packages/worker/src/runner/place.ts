import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildSpec } from '@weir/protocol';
import type { Sandbox, StepPlace } from '../sandbox/contract.ts';
import { checkOut } from '../workspace/checkout.ts';
import { Git } from '../workspace/git.ts';
import type { FileLock } from '../workspace/lock.ts';
import { ensureMirror } from '../workspace/mirror.ts';
import { Runtimes } from '../workspace/runtimes.ts';
import type { SlotPaths } from './paths.ts';

export interface PreparedPlace extends Disposable {
  readonly place: StepPlace;
  /** Marks the runtime that the build made as complete; without it the runtime is discarded. */
  succeed(): void;
}

export interface PlaceOrder {
  readonly spec: BuildSpec;
  readonly remotes: Readonly<Record<string, string>>;
  readonly sandbox: Sandbox;
}

/**
 * Makes a fresh workspace with the pinned commit, and finds or begins the runtime.
 *
 * @throws Error when a commit can't be had or the runtime is not on this worker.
 */
export async function preparePlace(
  paths: SlotPaths,
  { spec, remotes, sandbox }: PlaceOrder,
  signal: AbortSignal,
): Promise<PreparedPlace> {
  const runtimes = new Runtimes(paths.data);
  const lock = await lockRuntime(runtimes, spec, signal);
  let hasSucceeded = false;
  const end = (): void => {
    if (spec.kind === 'runtime' && !hasSucceeded) runtimes.discard(spec.runtime);
    lock[Symbol.dispose]();
  };
  try {
    const [src, tmp, home] = ['src', 'tmp', 'home'].map((name) => join(paths.work, name)) as [
      string,
      string,
      string,
    ];
    for (const dir of [src, tmp, home]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    const mirror = await fillSource(paths.data, src, { spec, remotes, sandbox }, signal);
    const runtime = runtimes.path(spec.runtime);
    const isRuntimeWritable = spec.kind === 'runtime';
    return {
      place: { src, tmp, home, runtime, isRuntimeWritable, mirror },
      succeed() {
        if (spec.kind === 'runtime') runtimes.complete(spec.runtime);
        hasSucceeded = true;
      },
      [Symbol.dispose]: end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

async function lockRuntime(
  runtimes: Runtimes,
  { kind, runtime }: BuildSpec,
  signal: AbortSignal,
): Promise<FileLock> {
  if (kind === 'runtime') return runtimes.begin(runtime, signal);
  const lock = await runtimes.use(runtime, signal);
  if (runtimes.isComplete(runtime)) return lock;
  lock[Symbol.dispose]();
  const { upstream, trunk, platform, commit } = runtime;
  throw new Error(
    `the runtime ${upstream}/${trunk}/${platform} at ${commit} is not on this worker`,
  );
}

async function fillSource(
  data: string,
  src: string,
  { spec: { source }, remotes, sandbox }: PlaceOrder,
  signal: AbortSignal,
): Promise<string | null> {
  if (source === undefined) return null;
  const git = new Git(join(data, 'git'));
  const mirror = await ensureMirror(git, join(data, 'mirrors'), source, remotes, signal);
  const objectsPath = sandbox.objectsPath(mirror);
  await checkOut(git, { mirror, commit: source.commit, dir: src, objectsPath }, signal);
  return mirror;
}
