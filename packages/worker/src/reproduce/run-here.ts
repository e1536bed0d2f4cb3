import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildSpec, JournalEntry } from '@weir/protocol';
import type { ProcessPlatform } from '../process/contract.ts';
import { SlotBuild } from '../runner/build.ts';
import { machineFacts } from '../runner/facts.ts';
import { readJournal } from '../runner/journal.ts';
import { slotPaths } from '../runner/paths.ts';
import type { SlotPaths } from '../runner/paths.ts';
import type { PlaceOrder } from '../runner/place.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import { sweepServices } from '../services/sweep.ts';
import { FileLock } from '../workspace/lock.ts';
import { wipe } from '../workspace/wipe.ts';
import { ReproduceError } from './error.ts';
import type { Listener } from './story.ts';
import { Story } from './story.ts';

/** This machine, as builds are run on it. */
export interface Here extends Listener {
  /** The mirrors, runtimes and workspaces, as in a worker's data folder. */
  readonly dataDir: string;
  readonly platform: ProcessPlatform;
  readonly sandbox: Sandbox;
  /** Repository URL to the local path that serves in its place. */
  readonly remotes: Readonly<Record<string, string>>;
  /** The farm's web address. */
  readonly farm: string;
  /** Aborted, with the reason, when the person has had enough. */
  readonly signal: AbortSignal;
}

/** The folder of a build that is run here. It is no slot of a worker that has the same data folder. */
export function pathsHere({ dataDir }: Pick<Here, 'dataDir'>, build: number): SlotPaths {
  return slotPaths(join(dataDir, 'builds', String(build)));
}

/**
 * Runs a build in this process as a slot's runner does, and tells it. Resolves with its journal;
 * what it leaves in its workspace stays there.
 *
 * @param recorded see `PlaceOrder`
 * @throws ReproduceError when another one runs it in the same folder
 */
export async function runHere(
  here: Here,
  spec: BuildSpec,
  recorded?: PlaceOrder['recorded'],
): Promise<JournalEntry[]> {
  const { platform, signal } = here;
  const paths = pathsHere(here, spec.build);
  mkdirSync(paths.slot, { recursive: true, mode: 0o700 });
  using lock = FileLock.try(paths.lock, 'exclusive');
  if (lock === null) throw new ReproduceError(`${paths.slot} is in use by another 'reproduce'`);
  await platform.sweep(paths.mark);
  await sweepServices({ mark: paths.mark, trace: paths.services });
  for (const dir of [paths.build, paths.work]) wipe(dir, paths.trash);

  const story = new Story(here, paths.slot, spec.steps);
  let entries = 0;
  const build = new SlotBuild(
    paths,
    platform,
    machineFacts(),
    { ...here, spec, ...(recorded && { recorded }) },
    {
      onEntry() {
        entries += 1;
        for (const entry of readJournal(paths.journal, entries, entries)) story.heard(entry);
      },
      onGrew: () => story.grew(),
    },
  );
  const cancel = (): void => build.cancel(String(signal.reason));
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    await Promise.all([build.ended, story.tell()]);
    return readJournal(paths.journal, 1, build.entries);
  } finally {
    signal.removeEventListener('abort', cancel);
    await platform.close();
  }
}
