import type { Scope, Trial } from '@weir/model';
import type {
  BranchState,
  BreakageState,
  BuildState,
  Channel,
  DeliveryState,
  EnrolmentState,
  Finding,
  Moved,
  NoticeKind,
  NoticeState,
  RequestReason,
  RequestState,
  Result,
  Tier,
  Trust,
  Verdict,
} from '@weir/protocol';
import type { Generated } from 'kysely';

/**
 * The tables of the store. Times are integer milliseconds UTC, booleans 0 or 1, columns that end
 * in `_json` hold JSON text. What each table is for stands with it.
 */
export interface Database {
  artifact: ArtifactTable;
  event: EventTable;
  setting: SettingTable;
  farm_version: FarmVersionTable;
  branch: BranchTable;
  change: ChangeTable;
  builder: BuilderTable;
  request: RequestTable;
  build: BuildTable;
  step: StepTable;
  resolved: ResolvedTable;
  log: LogTable;
  worker: WorkerTable;
  runtime: RuntimeTable;
  reader: ReaderTable;
  suspicion: SuspicionTable;
  breakage: BreakageTable;
  breakage_builder: BreakageBuilderTable;
  recurrence: RecurrenceTable;
  subscription: SubscriptionTable;
  notice: NoticeTable;
  delivery: DeliveryTable;
  invitation: InvitationTable;
}

/** The event log: one row for each change of state, written in the unit that made it. */
export interface EventTable {
  /** Gap-free and in commit order: SQLite gives the greatest rowid plus one, and there is one writer. */
  number: Generated<number>;
  at: number;
  /** NOUN.VERB */
  kind: string;
  /** Who did it: `engine`, `admin`, `worker:NAME`. */
  actor: string;
  /** What it was done to: `build/7`, `worker/w1`. */
  subject: string;
  data_json: string;
}

/** Secrets and facts of this farm itself, by name. */
export interface SettingTable {
  name: string;
  value: string;
}

/** The farm files that were in force. The newest one is. `text` is the farm file's own. */
export interface FarmVersionTable {
  id: Generated<number>;
  text: string;
  path: string;
  /** The files that it includes, each with its path from the farm file's folder; null: they are in the text. */
  included_json: string | null;
  applied_at: number;
  applied_by: string;
  reason: string | null;
  /** See `VersionSource`; null: the master's own file. */
  source_json: string | null;
  /** See `PlanSummary`; null where it was not counted. */
  summary_json: string | null;
}

/** A followed branch and its cursor, `head`: every change up to it is stored. */
export interface BranchTable {
  id: Generated<number>;
  name: string;
  kind: 'trunk' | 'project';
  repository: string;
  ref: string;
  state: BranchState;
  head: string | null;
  /** Position of the newest change. */
  position: number;
  error: string | null;
  polled_at: number | null;
  rewritten_at: number | null;
  /** 0 when the farm file does not name it any more. */
  active: number;
  /** Changes up to this position have been turned into requests. */
  scheduled_position: number;
}

export interface ChangeTable {
  id: Generated<number>;
  branch_id: number;
  position: number;
  commit_hash: string;
  parent_hash: string | null;
  author_name: string;
  author_email: string;
  authored_at: number;
  committer_name: string;
  committer_email: string;
  committed_at: number;
  seen_at: number;
  subject: string;
  message: string;
  /** At most 1,000 paths. */
  files_json: string;
}

/** One column of the waterfall, with what its head shows, so that no query reads its history for that. */
export interface BuilderTable {
  id: Generated<number>;
  name: string;
  kind: 'runtime' | 'project';
  upstream: string;
  trunk: string;
  project: string | null;
  platform: string;
  tier: Tier;
  /** Place in the farm file. */
  place: number;
  active: number;
  paused_by: string | null;
  paused_at: number | null;
  paused_reason: string | null;
  next_number: number;
  last_build_id: number | null;
  verdict: Verdict;
  verdict_at: number | null;
  /** The newest build that was green. */
  green_build_id: number | null;
  /** The first red build after it; null while the builder is green, or never was. */
  red_build_id: number | null;
  /** How long a green build takes: a moving mean in milliseconds. */
  usual_ms: number | null;
  /** A build whose count of tests a person accepted: it is the measure until a newer green one. */
  accepted_build_id: number | null;
}

export interface RequestTable {
  id: Generated<number>;
  builder_id: number;
  state: RequestState;
  reason: RequestReason;
  reason_text: string;
  requested_by: string;
  upstream_commit: string;
  /** Place of the upstream commit on its trunk. */
  upstream_position: number;
  project_commit: string | null;
  project_position: number | null;
  created_at: number;
  /** Times that infrastructure lost a build of it. */
  attempts: number;
  /** Not before then: it is backing off. */
  not_before: number | null;
  /** Only this worker may take it: a runtime that the worker needs for itself. */
  for_worker_id: number | null;
  /** The worker that lost it last, or whose red it is to confirm; another one is tried first. */
  lost_by_worker_id: number | null;
  /** Workers that declined it: JSON list of ids. */
  declined_json: string;
  superseded_by: number | null;
  /** The red build that this run is to confirm. */
  again_of: number | null;
  result: Result | null;
  finding: Finding | null;
  finished_at: number | null;
}

export interface BuildTable {
  id: Generated<number>;
  builder_id: number;
  number: number;
  request_id: number;
  worker_id: number;
  state: BuildState;
  attempt: number;
  /** 1 at the claim; each session that takes the build over raises it. Every write for a build names it. */
  epoch: number;
  /** The boot id of the agent that runs it. */
  boot: string;
  /** By the engine's clock, which no jump of the wall clock moves. */
  lease_until: number;
  /** When its lease ran out, while nobody has heard of it since. */
  detached_at: number | null;
  /** How long an engine has waited for it since then. */
  detached_ms: Generated<number>;
  /** Journal entries up to this number are applied. */
  journal_n: number;
  result: Result | null;
  findings_json: string;
  text: string;
  environment_json: string;
  cancel_reason: string | null;
  /** The builder's verdict before this build ended: a failure after `red` is one that failed again. */
  verdict_before: Verdict | null;
  /** How it counts for a worker on probation. */
  trial: Trial | null;
  /** The artifact that a project was run with. */
  runtime_sha256: string | null;
  /** What its worker was told, and no other row has: see `keepSpec`. Null before schema 17. */
  spec_json: string | null;
  /** What its worker said of it after it was given up: see `LateResult`. */
  late_json: string | null;
  started_at: number;
  finished_at: number | null;
}

export interface StepTable {
  build_id: number;
  step: number;
  name: string;
  run: string;
  result: Result | null;
  findings_json: string;
  exit_code: number | null;
  signal: string | null;
  text: string;
  /** What its test suite said. */
  report_json: string | null;
  /** SHA-256 of the objects that hold every test of it: the names, and what became of them. */
  tests_names: string | null;
  tests_results: string | null;
  started_at: number | null;
  finished_at: number | null;
}

/** A file in which a step left what its dependencies came to. Its bytes are an object. */
export interface ResolvedTable {
  build_id: number;
  step: number;
  /** Among those of its step, from 0. */
  position: number;
  path: string;
  /** Null where it could not be recorded. */
  sha256: string | null;
  bytes: number | null;
  /** Why it could not; else blank. */
  text: string;
  /** When the farm let its bytes go; the hash stays. */
  dropped_at: number | null;
}

/** One log of one step. Its bytes are in the log files. */
export interface LogTable {
  id: Generated<number>;
  build_id: number;
  step: number;
  /** The log file, named for its week: `2026-w47`. */
  file: string;
  /** Set when the log is finished: bytes printed, kept ranges, hash of the kept bytes. */
  bytes: number | null;
  lines: number | null;
  ranges_json: string | null;
  sha256: string | null;
  finished: number;
  /** When its bytes were dropped, as they were older than the farm keeps logs. */
  dropped_at: number | null;
}

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

/** A runtime kept on a worker. */
export interface RuntimeTable {
  worker_id: number;
  /** Of the runtime builder that made it. */
  builder_id: number;
  commit_hash: string;
  state: 'kept' | 'failed';
  build_id: number | null;
  at: number;
}

/** A packed runtime; its bytes are an object. */
export interface ArtifactTable {
  id: Generated<number>;
  sha256: string;
  /** Packed. */
  bytes: number;
  unpacked_bytes: number;
  files: number;
  /** Of the runtime builder that made it. */
  builder_id: number;
  commit_hash: string;
  /** Place of the commit on its trunk. */
  position: number;
  build_id: number;
  worker_id: number;
  /** Of the worker when it made it. */
  trust: Trust;
  made_at: number;
  dropped_at: number | null;
}

/** How far each reader of the event log has come. */
export interface ReaderTable {
  name: string;
  cursor: number;
  /** Events that it could not handle, however often it tried; the last of them, and when it gave up. */
  passed_over: Generated<number>;
  passed_event: number | null;
  passed_at: number | null;
}

/** A builder that was green and had one red build, which no second run has confirmed yet. */
export interface SuspicionTable {
  builder_id: number;
  green_build_id: number;
  red_build_id: number;
}

/** One thing that went wrong, across all builders that show it. */
export interface BreakageTable {
  id: Generated<number>;
  state: BreakageState;
  /** `UPSTREAM/TRUNK` of the builder that showed it first. */
  trunk: string;
  /** Set when only this project's own changes can be at fault. */
  project: string | null;
  /** What changed between the last green and the first red. */
  moved: Moved;
  title: string;
  opened_at: number;
  closed_at: number | null;
  /** When the first notice about it was written. */
  told_at: number | null;
  /** Who is on it, until when, and what they say. */
  acknowledged_by: string | null;
  acknowledged_at: number | null;
  acknowledged_until: number | null;
  acknowledged_reason: string | null;
}

/** A builder that shows a breakage, with the two builds between which it turned red. */
export interface BreakageBuilderTable {
  breakage_id: number;
  builder_id: number;
  green_build_id: number;
  red_build_id: number;
  /** The second run that agreed. */
  confirm_build_id: number;
  upstream_green: string;
  upstream_green_position: number;
  upstream_red: string;
  upstream_red_position: number;
  project_green: string | null;
  project_green_position: number | null;
  project_red: string | null;
  project_red_position: number | null;
  /** The step that failed, by its name. */
  step: string | null;
  finding: Finding | null;
  opened_at: number;
  closed_at: number | null;
  fixed_build_id: number | null;
}

/** Somebody who wants to be told. An ended one stays, so that nothing follows again by itself. */
export interface SubscriptionTable {
  id: Generated<number>;
  channel: Channel;
  /** A mail address, or the name of a webhook. */
  address: string;
  scope: Scope;
  /** `owner`: of a worker. */
  source: 'farm file' | 'page' | 'owner';
  /** `asked`: by the page, and not confirmed by mail yet. */
  state: 'asked' | 'active' | 'ended';
  asked_at: number;
}

/** One thing that people are to be told. */
export interface NoticeTable {
  id: Generated<number>;
  kind: NoticeKind;
  /** `breakage/7`, `worker/w1`, `subscription/3` */
  about: string;
  state: NoticeState;
  created_at: number;
  told_at: number | null;
  /** What it says, written when it is told. */
  headline: string | null;
  facts_json: string | null;
}

/** The way of one notice to one recipient. */
export interface DeliveryTable {
  id: Generated<number>;
  notice_id: number;
  channel: Channel;
  address: string;
  /** The subscriptions because of which it is sent: JSON list of ids. */
  subscriptions_json: string;
  /** With its angle brackets; the same for every try. */
  message_id: string;
  /** The first message of its thread. */
  answers_message_id: string | null;
  state: DeliveryState;
  tries: number;
  not_before: number;
  error: string | null;
  created_at: number;
  /** When it was sent, or given up. */
  ended_at: number | null;
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

/** When each schedule of the farm file was due last, or was seen first. */
export interface RecurrenceTable {
  /** `upstream/NAME` or `project/NAME` */
  owner: string;
  /** As the model's `recurrenceName` writes it: another rule is another row. */
  name: string;
  last_at: number;
}
