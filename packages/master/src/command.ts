import type { Farm, Recurrence, StableTimer } from '@weir/model';
import type { ArtifactPolicy, FarmFileError, FarmFiles, Trust } from '@weir/protocol';
import type { ObjectsPlace } from './builds/objects/objects-place.ts';
import type { FarmOptions } from './farm/farm-source.ts';
import type { FarmRepository } from './farm/repository-source.ts';
import type { LogFormat } from './log.ts';
import type { Refusal } from './refusal.ts';
import type { RequestRow } from './store/requests.ts';

/** What people may tell the engine to do. The web thread checks who asks; the engine checks the rest. */
export type Command =
  | {
      readonly t: 'force';
      readonly builder: string;
      readonly reason: string;
      /** A commit on the trunk, whole or abbreviated; the newest known change when absent. */
      readonly upstream?: string | undefined;
      readonly project?: string | undefined;
    }
  | { readonly t: 'cancel'; readonly build: number; readonly reason: string }
  | { readonly t: 'cancel-request'; readonly request: number; readonly reason: string }
  | { readonly t: 'again'; readonly build: number; readonly reason: string }
  | { readonly t: 'accept-tests'; readonly build: number; readonly reason: string }
  | {
      readonly t: 'acknowledge';
      readonly breakage: number;
      readonly by: string;
      readonly hours: number;
      readonly reason: string;
    }
  | { readonly t: 'pause-builder'; readonly builder: string; readonly reason: string }
  | { readonly t: 'resume-builder'; readonly builder: string; readonly reason: string }
  /** Asks the remotes of these branches, or of the farm file, now: something may have moved there. */
  | { readonly t: 'poll'; readonly branches: readonly string[]; readonly farmFile?: boolean }
  | { readonly t: 'pause-worker'; readonly worker: string; readonly reason: string }
  | { readonly t: 'resume-worker'; readonly worker: string; readonly reason: string }
  | {
      readonly t: 'accept';
      readonly worker: string;
      readonly fingerprint: string;
      readonly labels: readonly string[];
      readonly trust: Trust;
      readonly reason: string;
    }
  | {
      readonly t: 'owner-pause' | 'owner-resume' | 'owner-leave';
      readonly worker: string;
      readonly reason: string;
    }
  | {
      readonly t: 'owner-slots';
      readonly worker: string;
      readonly slots: number;
      readonly reason: string;
    }
  | {
      readonly t: 'invite';
      /** The name and the owner's address that it is for; null: any. */
      readonly worker: string | null;
      readonly owner: string | null;
      readonly labels: readonly string[];
      readonly trust: Trust;
      readonly hours: number;
      readonly reason: string;
    }
  | { readonly t: 'revoke-invitation'; readonly invitation: number; readonly reason: string }
  | {
      readonly t: 'trust';
      readonly worker: string;
      readonly trust: Trust;
      readonly reason: string;
    }
  | { readonly t: 'release'; readonly worker: string; readonly reason: string }
  | { readonly t: 'reject'; readonly worker: string; readonly reason: string }
  | { readonly t: 'revoke'; readonly worker: string; readonly reason: string }
  /** Puts a farm file in force. */
  | {
      readonly t: 'apply';
      /** A number rolls back to that version. */
      readonly file: FarmFiles | number;
      readonly reason: string;
      /** The version that it was planned against: another one in force is a conflict. */
      readonly against?: number | undefined;
    }
  /** Uses up what is good once, and until a time. */
  | { readonly t: 'spend'; readonly what: string; readonly until: number }
  /** Asks an address whether it wants mails about a scope of the model's. */
  | { readonly t: 'subscribe'; readonly address: string; readonly scope: string }
  | { readonly t: 'confirm-subscription'; readonly subscriptions: readonly number[] }
  | { readonly t: 'unsubscribe'; readonly subscriptions: readonly number[] }
  | { readonly t: 'retry-delivery'; readonly delivery: number; readonly reason: string };

/** What a command wrote, where it wrote something new. */
export interface CommandAnswer {
  readonly request?: RequestRow;
  /** The code is said here, once, and nowhere else. */
  readonly invitation?: { readonly id: number; readonly code: string };
  /** Of the farm file. */
  readonly version?: number;
}

/** Why a command was refused: becomes a problem of the API. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly status: 400 | 404 | 409 | 503;
  /** Stable; listed in docs/errors.md. */
  readonly code: string;
  /** What is wrong with a farm file, where that is the reason. */
  readonly errors: readonly FarmFileError[] | undefined;

  constructor(
    status: 400 | 404 | 409 | 503,
    code: string,
    message: string,
    errors?: readonly FarmFileError[],
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** What goes between the two threads. */
export type ToEngine =
  | {
      readonly t: 'command';
      readonly id: number;
      readonly actor: string;
      readonly command: Command;
    }
  | { readonly t: 'listening'; readonly port: number }
  /** Is the engine there? It answers with a pong. */
  | { readonly t: 'ping'; readonly id: number }
  | { readonly t: 'failed'; readonly message: string };

export type ToWeb =
  | { readonly t: 'answer'; readonly id: number; readonly answer: CommandAnswer }
  | (Omit<Refusal, 'status'> & {
      readonly t: 'refused';
      readonly id: number;
      readonly status: Refusal['status'] | 500;
    })
  | { readonly t: 'pong'; readonly id: number; readonly vitals: EngineVitals }
  /** Something was committed: read on from the event log. */
  | { readonly t: 'wake' }
  /** These logs grew: log id to the bytes stored. */
  | { readonly t: 'grew'; readonly logs: ReadonlyMap<number, number> }
  | { readonly t: 'farm'; readonly farm: FarmFacts }
  | { readonly t: 'stop' };

/** How the engine is, counted since it began. */
export interface EngineVitals {
  /** Of the store. */
  readonly commits: number;
  /** Time in which its event loop was at work. */
  readonly busyMs: number;
}

/** What the web role must know of the farm beside what it reads from the store. */
export interface FarmFacts {
  readonly name: string;
  readonly publicUrl: string | null;
  readonly workerUrl: string | null;
  readonly workerPort: number;
  /** Of the farm's own key: workers pin it. */
  readonly fingerprint: string;
  /** The repository that the farm file is followed in; null: it is a file on the master's disk. */
  readonly farmRepository: Omit<FarmRepository, 'path'> | null;
  /** The number of the version of the farm file that is in force. */
  readonly version: number;
  /** How farm files are read. */
  readonly farmOptions: FarmOptions;
  /** Why there is too little room for the farm's data; null when there is enough. */
  readonly shortage: string | null;
  /** Why no heartbeat is given: see `Heartbeat`. Null when it is, or nobody wants one. */
  readonly heartbeat: string | null;
  /** Why artifacts and lists of tests can't be had just now; null: they can. */
  readonly objectsAway: string | null;
  /** The engine's environment names a mail server. */
  readonly isMailSet: boolean;
  /** Shown on every page: a broken farm file, a sandbox that is off. */
  readonly warnings: readonly string[];
  readonly rules: FarmRules;
  /** The farm file in force: what a worker would be asked to run, and how to run it oneself. */
  readonly file: Farm;
}

/** What of the farm file in force, of its disk and its engines decides why something waits. See `farmRulesOf`. */
export interface FarmRules {
  /** There is too little room for the farm's data. */
  readonly isFarmFull: boolean;
  /** Else no worker is connected, whatever the store says: what it says is from before. */
  readonly isEngineAlive: boolean;
  readonly artifacts: ArtifactPolicy;
  /** The labels that each platform requires. */
  readonly platforms: ReadonlyMap<string, readonly string[]>;
  /** What the builds of each family ask of a machine, whatever their platform asks for. */
  readonly extraLabels: ReadonlyMap<string, readonly string[]>;
  /** `max-parallel` of each family that has one; the model's `familyOf` names families. */
  readonly maxParallel: ReadonlyMap<string, number>;
  /** How long each followed branch must be quiet, by its name. */
  readonly timers: ReadonlyMap<string, StableTimer>;
  /** By `upstream/NAME` and `project/NAME`: when its builders build by the clock. */
  readonly schedules: ReadonlyMap<string, readonly Recurrence[]>;
}

/** What the engine gives the web thread to start with, as `workerData`. */
export interface WebOptions {
  /** As `openReader` takes it. */
  readonly store: string;
  readonly dataDir: string;
  readonly objectsPlace: ObjectsPlace;
  /** The Redis with the index of what waits; null: that is in the engine's memory. */
  readonly redisUrl: string | null;
  readonly host: string;
  readonly port: number;
  readonly logFormat: LogFormat;
  readonly farm: FarmFacts;
}
