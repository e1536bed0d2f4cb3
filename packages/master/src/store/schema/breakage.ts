import type { BreakageState, Finding, Moved } from '@weir/protocol';
import type { Generated } from 'kysely';

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
