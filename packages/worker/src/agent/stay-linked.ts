import { backOffMs } from '../link/back-off.ts';
import { LinkError } from '../link/link-error.ts';

/** Who waits to be accepted, or for a twin to go, asks again after so long. */
const waitMs = 3_000;

export interface Staying {
  /** One link from beginning to end; resolves with the reason for its end. */
  connect(): Promise<Error>;
  /** Resolves after so many milliseconds, or when there is no more to wait for. */
  pause(ms: number): Promise<void>;
  isBusy(): boolean;
  isStopped(): boolean;
  /** Why there is no link just now. */
  lost(words: string): void;
}

/** Connects again and again. @throws the reason for which there is no sense in going on */
export async function stayLinked(staying: Staying): Promise<void> {
  /** Since when there has been no link that held. */
  let awaySince = performance.now();
  while (!staying.isStopped()) {
    const startedAt = performance.now();
    const error = await staying.connect();
    if (staying.isStopped()) return;
    const next = error instanceof LinkError ? error.next : 'give-up';
    if (next === 'give-up') throw error;
    staying.lost(
      `${error.message}; ${next === 'wait' ? 'asking again every 3 s' : 'reconnecting'}`,
    );
    const now = performance.now();
    if (now - startedAt > waitMs) awaySince = now;
    const ms = next === 'wait' ? waitMs : backOffMs(now - awaySince, staying.isBusy(), Math.random);
    await staying.pause(ms);
  }
}
