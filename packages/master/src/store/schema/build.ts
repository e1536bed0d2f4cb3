import type { Trial } from '@weir/model';
import type {
  BuildState,
  Finding,
  RequestReason,
  RequestState,
  Result,
  Verdict,
} from '@weir/protocol';
import type { Generated } from 'kysely';

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
