import type { Dial } from '../link/dial.ts';
import type { WorkerKey } from '../link/worker-key.ts';
import type { Say } from '../owner/say.ts';
import type { FindRunner } from '../runner/find-runner.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import type { Policy } from './policy.ts';
import type { QuietHours } from './quiet-hours.ts';

/** What one worker is, and which farm it serves. */
export interface AgentOptions {
  /** The worker port's address: `ws://` or `wss://`, with the path. */
  readonly url: string;
  readonly dial: Dial;
  /** Its web address, where artifacts are. */
  readonly farm: string;
  readonly name: string;
  readonly owner: string;
  /** The code of an invitation, for a worker that joins. */
  readonly invite: string | undefined;
  readonly slots: number;
  /** What the machine is, and facts of it to show. */
  readonly labels: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly key: WorkerKey;
  /** Fingerprint of the farm's key. */
  readonly farmKey: string;
  readonly sandbox: Sandbox;
  readonly remotes: Readonly<Record<string, string>>;
  readonly findRunner: FindRunner;
  readonly policy: Policy;
  /** With less free under the data folder, no builds are taken. */
  readonly minFreeBytes: number;
  /** Runtimes that were used long ago make room for others, so that all take no more than this. */
  readonly runtimeBytes: number;
  /** When no builds are taken, by this machine's clock. */
  readonly quietHours: readonly QuietHours[];
  /** Why its owner has it take no builds; null when it takes them. */
  readonly paused: string | null;
  /** That was changed on this machine, and the farm may not know. */
  readonly isPauseUnsaid: boolean;
  /** Has changes of the owner outlive the agent. */
  readonly keep: (change: OwnerChange) => void;
  /** Lines for the worker's owner. */
  readonly say: Say;
}

/** What the owner changes while the agent runs. */
export interface OwnerChange {
  readonly paused?: string | null;
  readonly isPauseUnsaid?: boolean;
  readonly slots?: number;
}

/** What the agent says of itself on its own machine. */
export interface AgentStatus {
  readonly isConnected: boolean;
  /** The last that was said about the link. */
  readonly words: string;
  readonly slots: number;
  readonly busy: number;
  readonly paused: string | null;
  readonly isLeaving: boolean;
}
