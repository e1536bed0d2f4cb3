import type { EnrolmentState, Trust } from '@weir/protocol';
import type { Generated } from 'kysely';

export interface WorkerTable {
  id: Generated<number>;
  name: string;
  /** Ed25519 public key, base64 of its 32 bytes. */
  key: string;
  fingerprint: string;
  state: EnrolmentState;
  owner: string;
  trust: Trust;
  labels_json: string;
  granted_json: string;
  slots: number;
  agent: string;
  sandbox_json: string | null;
  facts_json: string;
  boot: string | null;
  online: number;
  /** The member that has its session; null while it is offline, and in a farm of one process. */
  engine: number | null;
  /** Presence, not an event: written at connect, disconnect and, while connected, once a minute. */
  heard_at: number | null;
  asked_at: number;
  paused_by: string | null;
  paused_at: number | null;
  paused_reason: string | null;
  disk_full: number;
  /** Why it takes no builds for a while, in its own words: quiet hours, or that it is leaving. */
  resting: string | null;
  duplicate_at: number | null;
  /** Builds on probation whose answer was the known one, since the last that was not. */
  probation_agreed: Generated<number>;
  /** Builds on probation whose answer was another one. */
  probation_disagreed: Generated<number>;
  /** After such a one: no build with a known answer before then. */
  probation_not_before: number | null;
  /** 1: there are builds whose answer is known for it to prove itself by. */
  probeable: Generated<number>;
  /** Time that it has been away while an engine ran to see it, in milliseconds. */
  absent_ms: Generated<number>;
  /** Since when it counts as missing. */
  missing_at: number | null;
  owner_paused_at: number | null;
  owner_paused_reason: string | null;
  /** Its owner took it away for good. */
  left_at: number | null;
  /** 1: its agent can bring and fetch artifacts. */
  has_artifacts: Generated<number>;
  /** How far its clock is ahead of the farm's, as it was last seen to differ. */
  clock_skew_ms: Generated<number>;
  /** Why its link was refused last: an agent that is too old, or frames that no agent sends. */
  refused_at: number | null;
  refused_text: string | null;
  /** The address that it asked to join from. */
  asked_from: string | null;
  /** Times in a row that infrastructure ended its builds by its own fault. */
  strikes: Generated<number>;
  struck_at: number | null;
  /** Of the build that the last strike was for, as the model's `familyOf` names it. */
  struck_family: string | null;
  /** Since when it is quarantined: it rests, or is tried again after a rest. */
  quarantined_at: number | null;
  /** It rests until then; null while it takes builds. */
  quarantined_until: number | null;
  quarantine_reason: string | null;
}

/** A worker that an admin expects. The code that it joins with is not kept, only its SHA-256. */
export interface InvitationTable {
  id: Generated<number>;
  code_hash: string;
  /** The name and the owner that it is meant for; null: any. */
  worker: string | null;
  owner: string | null;
  labels_json: string;
  trust: Trust;
  reason: string;
  made_by: string;
  made_at: number;
  expires_at: number;
  used_at: number | null;
  /** The worker's name. */
  used_by: string | null;
  revoked_at: number | null;
}
