import type { WorkerKey } from '../link/worker-key.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import type { Policy } from './policy.ts';

/** What one worker is, and which farm it serves. */
export interface AgentOptions {
  /** The worker port's address: `ws://` or `wss://`, with the path. */
  readonly url: string;
  readonly name: string;
  readonly owner: string;
  /** The code of an invitation, for a worker that joins. */
  readonly invite: string | undefined;
  readonly slots: number;
  readonly dataDir: string;
  readonly key: WorkerKey;
  /** Fingerprint of the farm's key. */
  readonly farmKey: string;
  readonly sandbox: Sandbox;
  readonly remotes: Readonly<Record<string, string>>;
  readonly policy: Policy;
  /** With less free under the data folder, no builds are taken. */
  readonly minFreeBytes: number;
  /** Lines for the worker's owner. */
  readonly say: (message: string) => void;
}
