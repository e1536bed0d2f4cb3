import { join } from 'node:path';
import type { Artifact, BuildSpec } from '@weir/protocol';
import { obtainRuntime } from '../artifact/obtain.ts';
import type { RecordedFile } from '../resolved/put-in-place.ts';
import type { Sandbox, StepPlace } from '../sandbox/contract.ts';
import { Git } from '../workspace/git.ts';
import type { FileLock } from '../workspace/lock.ts';
import { Runtimes } from '../workspace/runtimes.ts';
import { fillSource } from '../workspace/source.ts';
import { makeWork } from './clear-slot.ts';
import { measureFolders } from './limit-watch.ts';
import type { SlotPaths } from './paths.ts';

export interface PreparedPlace extends Disposable {
  readonly place: StepPlace;
  /** What the steps' environment has more than the spec says. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Marks the runtime that the build made as complete; without it the runtime is discarded.
   *
   * @param artifact what it was brought to the farm as
   */
  succeed(artifact?: Artifact): Promise<void>;
}

export interface PlaceOrder {
  readonly spec: BuildSpec;
  readonly remotes: Readonly<Record<string, string>>;
  readonly sandbox: Sandbox;
  /** The farm's web address. */
  readonly farm: string;
  /** For a build that is run again: what its dependencies came to, put in place before the step of the index. */
  readonly recorded?: ReadonlyMap<number, readonly RecordedFile[]>;
}

/**
 * Makes a fresh workspace with the pinned commit, and finds, fetches or begins the runtime.
 *
 * @throws Error when a commit or the runtime can't be had.
 */
export async function preparePlace(
  paths: SlotPaths,
  order: PlaceOrder,
  signal: AbortSignal,
): Promise<PreparedPlace> {
  const { spec } = order;
  const runtimes = new Runtimes(paths.data);
  const lock = await lockRuntime(runtimes, order, signal);
  let hasSucceeded = false;
  const end = (): void => {
    if (spec.kind === 'runtime' && !hasSucceeded) runtimes.discard(spec.runtime);
    lock[Symbol.dispose]();
  };
  try {
    const [src, tmp, home] = makeWork(paths.work);
    const mirrors = await fillWorkspace(paths.data, src, order, signal);
    const runtime = runtimes.path(spec.runtime);
    const isRuntimeWritable = spec.kind === 'runtime';
    return {
      place: { src, tmp, home, runtime, isRuntimeWritable, mirrors },
      env: await reproducible(paths.data, mirrors[0], spec, signal),
      async succeed(artifact) {
        if (spec.kind === 'runtime') {
          const bytes = artifact?.unpackedBytes ?? (await measureFolders([runtime], signal));
          runtimes.complete(spec.runtime, { bytes, ...(artifact && { sha256: artifact.sha256 }) });
        }
        hasSucceeded = true;
      },
      [Symbol.dispose]: end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

/**
 * Has a runtime be built as of its commit's time, by the convention of reproducible-builds.org: two
 * builds of one commit then have one hash, where the runtime allows it.
 */
async function reproducible(
  data: string,
  mirror: string | undefined,
  { kind, source }: BuildSpec,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (kind === 'project' || mirror === undefined || source === undefined) return {};
  const asked = [`--git-dir=${mirror}`, 'log', '-1', '--format=%ct', source.commit];
  return { SOURCE_DATE_EPOCH: await new Git(join(data, 'git')).line(asked, { signal }) };
}

async function lockRuntime(
  runtimes: Runtimes,
  { spec: { kind, runtime, artifact }, farm }: PlaceOrder,
  signal: AbortSignal,
): Promise<FileLock> {
  if (kind === 'runtime') return runtimes.begin(runtime, signal);
  if (artifact !== undefined) {
    return obtainRuntime(runtimes, { farm, signal }, { runtime, artifact });
  }
  const lock = await runtimes.use(runtime, signal);
  if (runtimes.isComplete(runtime)) return lock;
  lock[Symbol.dispose]();
  const { upstream, trunk, platform, commit } = runtime;
  throw new Error(
    `the runtime ${upstream}/${trunk}/${platform} at ${commit} is not on this worker`,
  );
}

async function fillWorkspace(
  data: string,
  src: string,
  { spec: { source }, remotes, sandbox }: PlaceOrder,
  signal: AbortSignal,
): Promise<string[]> {
  if (source === undefined) return [];
  const git = new Git(join(data, 'git'));
  const objectsPath: Sandbox['objectsPath'] = (mirror, index) => sandbox.objectsPath(mirror, index);
  const place = { git, dir: join(data, 'mirrors'), src, remotes, objectsPath };
  return fillSource(place, source, signal);
}
