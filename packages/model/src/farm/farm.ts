import type {
  ArtifactPolicy,
  BuildLimits,
  CheckoutSpec,
  ServiceSpec,
  StepSpec,
  Tier,
} from '@weir/protocol';
import type { Subscription } from '../notices/recipients.ts';
import type { Retention } from '../retention/retention.ts';
import type { Recurrence } from '../schedule/recurrence.ts';
import type { DatedExpectation } from '../tests/expected-failures.ts';
import type { TestRules } from '../tests/judge-counts.ts';

/** A farm file, read and checked. Times are milliseconds, sizes are bytes. Maps keep the file's order. */
export interface Farm {
  readonly name: string;
  readonly publicUrl: string | null;
  /** What the waterfall says to who comes for the first time; paragraphs have a blank line between them. */
  readonly introduction: string | null;
  /** `ws://` or `wss://`; a path when it is at the address of the pages; null: a port of its own. */
  readonly workerUrl: string | null;
  /** Platform name to the labels that it requires. */
  readonly platforms: ReadonlyMap<string, readonly string[]>;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly projects: ReadonlyMap<string, Project>;
  readonly artifacts: ArtifactPolicy;
  readonly notify: FarmNotify;
  readonly limits: FarmLimits;
  readonly retention: Retention;
  /** Repository URL to the path of a local mirror that serves in its place. */
  readonly remotes: ReadonlyMap<string, string>;
}

/** How people and programs are told of breakages. */
export interface FarmNotify {
  /** Who mails are from. */
  readonly from: { readonly name: string; readonly address: string };
  /** `smtp://` or `smtps://`, without credentials; null: mails are files. */
  readonly smtp: string | null;
  /** The longest that a breakage gathers what else the same change broke. */
  readonly gatherMs: number;
  readonly allowsPrivateWebhooks: boolean;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  /** Where somebody else's watch is told that notices get through; null: nowhere, unless the master's environment says. */
  readonly heartbeat: { readonly url: string | null; readonly everyMs: number };
  readonly subscriptions: readonly FarmSubscription[];
}

export interface Webhook {
  readonly url: string;
  /** The variable that holds its secret. */
  readonly secretEnv: string;
}

export type FarmSubscription = Omit<Subscription, 'id'>;

export interface FarmLimits extends BuildLimits {
  /** How often one request is tried when infrastructure loses its builds. */
  readonly maxAttempts: number;
  /** A build whose worker is out of reach is lost after this time, counted while an engine runs. */
  readonly reattachWithinMs: number;
  /** Events older than this are dropped. */
  readonly eventRetentionMs: number;
  /** A worker that is away for longer is missing. */
  readonly missingAfterMs: number;
  /** The largest artifact that the farm takes, packed. */
  readonly artifactBytes: number;
  /** With less free where the farm's data is, no builds are given out. */
  readonly minFreeBytes: number;
}

/** A step as the farm file has it. */
export interface FarmStep extends StepSpec {
  /** Where it runs; absent: on every platform. */
  readonly platforms?: readonly string[];
}

/** A trunk, `UPSTREAM/TRUNK`, with one platform. */
export interface Combination {
  readonly trunk: string;
  readonly platform: string;
}

export interface Upstream {
  readonly name: string;
  readonly repository: string;
  readonly trunks: ReadonlyMap<string, Trunk>;
  readonly platforms: readonly string[];
  readonly tier: Tier;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly FarmStep[];
  readonly checkout?: CheckoutSpec;
  readonly tests: TestRules;
  /** At most so many builds of this upstream's runtimes at once, on the whole farm; null: no limit. */
  readonly maxParallel: number | null;
  /** By the clock its runtimes are built as well. */
  readonly schedule: readonly Recurrence[];
}

export interface Trunk {
  readonly name: string;
  readonly branch: string;
  readonly pollMs: number;
  /** No request is written until the branch was quiet for so long ... */
  readonly stableForMs: number;
  /** ... or its oldest unbuilt change is so old. */
  readonly maxWaitMs: number;
}

export interface Project {
  readonly name: string;
  /** Null: its steps run in an empty workspace. */
  readonly repository: string | null;
  readonly branch: string;
  readonly pollMs: number;
  readonly stableForMs: number;
  readonly maxWaitMs: number;
  /** `UPSTREAM/TRUNK` each. */
  readonly trunks: readonly string[];
  readonly platforms: readonly string[];
  /** Where it is tested beside each of `trunks` on each of `platforms`. */
  readonly include: readonly Combination[];
  /** Where it is not tested, of each of `trunks` on each of `platforms`. */
  readonly exclude: readonly Combination[];
  readonly tier: Tier;
  readonly env: Readonly<Record<string, string>>;
  /** Globs; a change of this project that touches none of them asks for no build. Empty: every change does. */
  readonly onlyIfChanged: readonly string[];
  readonly maxParallel: number | null;
  /** By the clock it is tested as well. */
  readonly schedule: readonly Recurrence[];
  /** Run beside its steps, on workers that can. */
  readonly services: readonly ServiceSpec[];
  readonly steps: readonly FarmStep[];
  readonly checkout?: CheckoutSpec;
  readonly expectedFailures: readonly DatedExpectation[];
  readonly tests: TestRules;
}

/** One column of the waterfall, as the farm file means it. */
export interface Builder {
  /** `UPSTREAM/TRUNK/PLATFORM`, or `UPSTREAM/TRUNK/PROJECT/PLATFORM`. */
  readonly name: string;
  readonly kind: 'runtime' | 'project';
  readonly upstream: string;
  readonly trunk: string;
  readonly project: string | null;
  readonly platform: string;
  readonly labels: readonly string[];
  readonly tier: Tier;
  readonly maxParallel: number | null;
  /** On whose machines the runtime that it makes or needs is run. */
  readonly artifacts: ArtifactPolicy;
}

/** A branch that the farm follows: `UPSTREAM/TRUNK` or a project's name. */
export interface FollowedBranch {
  readonly name: string;
  readonly kind: 'trunk' | 'project';
  readonly repository: string;
  /** The branch's name in the repository, without `refs/heads/`. */
  readonly ref: string;
  readonly pollMs: number;
}
