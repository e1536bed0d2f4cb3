import type { RequestRow } from './store/requests.ts';

/** What a worker's machine is asked to do, and no row says: it is done when the machine says so. */
export type OwnerAsk = { readonly t: 'slots'; readonly slots: number } | { readonly t: 'leave' };

/**
 * What follows in an engine's memory from what was written. Whoever writes calls them after the
 * commit, in whatever process he is; they may be called again for the same thing without harm, and
 * they look at the store for what is so now.
 */
export interface Effects {
  /** A request waits, newly or again. */
  requestWaits(request: RequestRow): void;
  /** A request waits no more. */
  requestGone(id: number): void;
  /** A person wants a build ended. */
  cancelBuild(build: number, reason: string): void;
  /** Reads a worker's row anew: trust, pauses, quarantine; a revoked one's session ends, and its builds are lost. */
  workerChanged(worker: number): Promise<void>;
  /** Tells a connected worker what its owner wants. One that is offline hears nothing. */
  askWorker(worker: number, ask: OwnerAsk): void;
  /** Reads a builder anew: pause, verdict, duration. */
  builderChanged(builder: number): Promise<void>;
  /** Another farm file is in force. */
  farmChanged(): Promise<void>;
  /** Asks the remotes of these branches soon, or of the farm file. */
  poll(branches: readonly string[], farmFile: boolean): void;
  /** Notices were subscribed to, or deliveries asked for. */
  noticesChanged(): void;
}
