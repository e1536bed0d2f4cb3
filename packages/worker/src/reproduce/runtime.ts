import { objectPath } from '@weir/protocol';
import type { ApiSpec, Artifact, BuildSpec, JournalEntry } from '@weir/protocol';
import { Runtimes } from '../workspace/runtimes.ts';
import type { Difference } from './compare.ts';
import { hasObject } from './farm-build.ts';
import type { Here } from './run-here.ts';
import { runHere } from './run-here.ts';

/** The runtime that a project is run with here. */
export interface RuntimeHere {
  /** Set when it is to be that very artifact. */
  readonly artifact?: Artifact;
  /** How it is another one than the farm's, if it is. */
  readonly differences: readonly Difference[];
}

/**
 * Sees to it that there is a runtime for a project: the farm's own artifact, else one that is here
 * already, else it is built here first, by what the farm told the worker that built it there. A
 * text: it can't be had, and why.
 */
export async function runtimeHere(
  here: Here,
  { spec, runtime: maker }: ApiSpec,
): Promise<RuntimeHere | string> {
  const { artifact, runtime: key } = spec;
  const runtimes = new Runtimes(here.dataDir);
  const isSame = (): boolean =>
    artifact !== undefined && runtimes.sha256Of(key) === artifact.sha256;
  const farm = { farm: here.farm, signal: here.signal };
  if (artifact && (isSame() || (await hasObject(farm, objectPath(artifact.sha256))))) {
    return { artifact, differences: [] };
  }
  const name = `${key.upstream}/${key.trunk}/${key.platform} at ${key.commit}`;
  if (!runtimes.isComplete(key)) {
    if (maker === null) {
      return `the farm has the runtime ${name} no more, and does not know any more how it was made`;
    }
    here.out.write(`\nThe farm does not have the runtime ${name}: it is built here first\n`);
    const failed = failureOf(await runHere(here, forPacking(maker, artifact !== undefined)));
    if (failed !== undefined) return `the runtime ${name} could not be built here: ${failed}`;
  }
  if (artifact && isSame()) return { artifact, differences: [] };
  const text =
    artifact === undefined
      ? 'built here from its commit, as the farm shares none'
      : 'built here from its commit; it is not byte for byte the one of the farm, which is gone';
  return { differences: [{ about: 'runtime', text }] };
}

/** A runtime that was shared is packed here too: that can fail, and its hash tells whether it is the same. */
export function forPacking(spec: ApiSpec['spec'], isShared: boolean): BuildSpec {
  return isShared ? { ...spec, share: true } : spec;
}

function failureOf(entries: readonly JournalEntry[]): string | undefined {
  const end = entries.at(-1);
  if (end?.t !== 'build-finished') return 'it did not end';
  if (end.result === 'success' || end.result === 'warnings') return undefined;
  return end.text === '' ? end.result : end.text;
}
