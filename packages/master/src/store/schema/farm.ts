import type { Tier, Verdict } from '@weir/protocol';
import type { Generated } from 'kysely';

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

/** When each schedule of the farm file was due last, or was seen first. */
export interface RecurrenceTable {
  /** `upstream/NAME` or `project/NAME` */
  owner: string;
  /** As the model's `recurrenceName` writes it: another rule is another row. */
  name: string;
  last_at: number;
}
