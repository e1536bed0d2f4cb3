import { planSentence } from '@weir/model';
import type { Log } from '../log.ts';
import { PollLoop } from '../upstream/poll-loop.ts';
import type { FarmSource } from './farm-source.ts';
import type { Applied } from './in-force.ts';
import type { FarmToApply, OwnFile } from './own-file.ts';

export interface FollowContext {
  readonly source: FarmSource;
  readonly ownFile: OwnFile;
  readonly log: Log;
  /** Whether what is followed is asked again and again just now. */
  readonly isFollowing: () => boolean;
  readonly signal: AbortSignal;
  readonly apply: (next: FarmToApply) => Promise<Applied>;
  /** What the pages have to warn of is something else. */
  readonly warned: (warnings: readonly string[]) => Promise<void>;
}

/** A repository is asked so often; a file is read when somebody says so. */
const askEveryMs = 60_000;

/** For the log: `version 7 of the farm file is in force: 2 builders added`. */
export function appliedInWords({ version, plan }: Applied): string {
  return `version ${version} of the farm file is in force: ${planSentence(plan)}`;
}

/** Reads the master's own farm file again and again, and puts it in force when it is another one. */
export function followOwnFile(context: FollowContext): PollLoop {
  const { source, ownFile, isFollowing, log, signal, apply, warned } = context;

  async function readAndApply(): Promise<boolean> {
    const before = ownFile.warnings().join('\n');
    try {
      const next = await ownFile.read();
      if (next !== null) {
        log.info(appliedInWords(await apply(next)));
      } else if (!source.isFollowed && ownFile.isGood) {
        log.info(`${source.place} is as it was when it was read last: nothing changes`);
      }
      const warnings = ownFile.warnings();
      if (warnings.join('\n') !== before) await warned(warnings);
      return ownFile.isGood;
    } catch (error) {
      if (signal.aborted) return false;
      source.forget();
      log.warn(`the farm file was not put in force: ${String(error)}`);
      return false;
    }
  }

  return new PollLoop(readAndApply, () => (source.isFollowed && isFollowing() ? askEveryMs : null));
}
