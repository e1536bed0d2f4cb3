/**
 * The closed lists of the farm: every state, result and reason that crosses a boundary.
 * A new word is added here first; pages, API and rules all take theirs from here.
 */

/** How a step or build ended. `exception` is the farm's own fault, `lost` is infrastructure: neither says anything about the code. */
export const results = [
  'success',
  'warnings',
  'failure',
  'skipped',
  'exception',
  'cancelled',
  'lost',
] as const;
export type Result = (typeof results)[number];

/** Why a result is what it is. */
export const findings = [
  'report-missing',
  'report-invalid',
  'exit-disagrees',
  'plan-mismatch',
  'all-skipped',
  'tests-vanished',
  'skips-jumped',
  'killed-by-signal',
  'out-of-memory',
  'timed-out',
  'silent',
  'log-cap',
  'disk-cap',
  'process-cap',
  'report-cap',
  'unexpected-pass',
  'install-failed',
  'not-packed',
  'runtime-failed',
  'blocked',
] as const;
export type Finding = (typeof findings)[number];

export const buildStates = ['running', 'detached', 'finished'] as const;
export type BuildState = (typeof buildStates)[number];

export const requestStates = ['waiting', 'claimed', 'done', 'cancelled'] as const;
export type RequestState = (typeof requestStates)[number];

/** Why a request was written. `probation`: its answer is known, and a new worker is to find it too. */
export const requestReasons = [
  'trunk',
  'project',
  'runtime',
  'forced',
  'again',
  'scheduled',
  'probation',
] as const;
export type RequestReason = (typeof requestReasons)[number];

export const verdicts = ['green', 'red', 'never green', 'unknown'] as const;
export type Verdict = (typeof verdicts)[number];

export const enrolmentStates = ['pending', 'accepted', 'rejected', 'revoked'] as const;
export type EnrolmentState = (typeof enrolmentStates)[number];

export const trustLevels = ['probation', 'normal', 'trusted'] as const;
export type Trust = (typeof trustLevels)[number];

export const invitationStates = ['open', 'used', 'expired', 'revoked'] as const;
export type InvitationState = (typeof invitationStates)[number];

export const treeStatuses = ['usable', 'suspect', 'unusable', 'maintenance'] as const;
export type TreeStatus = (typeof treeStatuses)[number];

export const tiers = [1, 2, 3] as const;
export type Tier = (typeof tiers)[number];

/** What a followed branch looked like when it was last asked. */
export const branchStates = ['new', 'following', 'empty', 'deleted', 'unreachable'] as const;
export type BranchState = (typeof branchStates)[number];

/** Why a request waits. The list is closed: whatever waits says one of these. */
export const waitReasons = [
  'no worker with label',
  'all busy',
  'paused',
  'declined by policy',
  'waits for its runtime',
  'no trusted builder',
  'backing off',
  'quarantined',
  'disk full',
  'stable timer',
] as const;
export type WaitReason = (typeof waitReasons)[number];

/** What kept a build from its sandbox's full strength, as a worker's page shows it. */
export const sandboxKinds = ['bubblewrap', 'none'] as const;
export type SandboxKind = (typeof sandboxKinds)[number];

export const breakageStates = ['open', 'closed'] as const;
export type BreakageState = (typeof breakageStates)[number];

/** What changed between the last green build and the first red one. `neither`: look at the machine. */
export const movedSides = ['upstream', 'project', 'both', 'neither'] as const;
export type Moved = (typeof movedSides)[number];

export const noticeKinds = [
  'breakage-opened',
  'breakage-grew',
  'breakage-fixed',
  'worker-accepted',
  'worker-promoted',
  'worker-missing',
  'worker-back',
  'worker-disagreed',
  'worker-quarantined',
  'worker-recovered',
  'confirmation',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** `gathering` what else belongs to it; `dropped`: there was nothing to tell any more. */
export const noticeStates = ['gathering', 'told', 'dropped'] as const;
export type NoticeState = (typeof noticeStates)[number];

/** How a notice reaches its recipient. */
export const channels = ['mail', 'webhook'] as const;
export type Channel = (typeof channels)[number];

/** `failed`: given up, until somebody has it tried again; `dropped`: its recipient unsubscribed before. */
export const deliveryStates = ['waiting', 'sent', 'failed', 'dropped'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/**
 * On whose machines a runtime is run that a worker made. `trusted`: on all, when a trusted worker
 * made it; `any`: on all; `same-worker`: there alone, so each worker makes its own.
 */
export const artifactPolicies = ['trusted', 'same-worker', 'any'] as const;
export type ArtifactPolicy = (typeof artifactPolicies)[number];

/**
 * What a finding makes of the step that has it, however the process ended. `failure` where the step
 * can't be taken for a pass, `warnings` where it can but something was cut or changed, `skipped`
 * where it could not be tried at all.
 */
export const resultOfFinding: Readonly<Record<Finding, Result>> = {
  'report-missing': 'failure',
  'report-invalid': 'failure',
  'exit-disagrees': 'failure',
  'plan-mismatch': 'failure',
  'all-skipped': 'failure',
  'tests-vanished': 'failure',
  'skips-jumped': 'failure',
  'killed-by-signal': 'failure',
  'out-of-memory': 'failure',
  'timed-out': 'failure',
  silent: 'failure',
  'log-cap': 'warnings',
  'disk-cap': 'failure',
  'process-cap': 'failure',
  'report-cap': 'warnings',
  'unexpected-pass': 'warnings',
  'install-failed': 'failure',
  'not-packed': 'failure',
  'runtime-failed': 'skipped',
  blocked: 'skipped',
};
