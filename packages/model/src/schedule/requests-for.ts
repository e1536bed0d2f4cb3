import type { RequestReason } from '@weir/protocol';
import { buildersOf, trunkName } from '../farm/builders.ts';
import type { Builder, Farm, Project } from '../farm/farm.ts';
import { globMatcher } from './glob.ts';

/** A commit and its place on the first-parent line of its branch. */
export interface Revision {
  readonly commit: string;
  readonly position: number;
}

/** So many paths of a change are recorded at most; one with as many may have touched more. */
export const maxChangeFiles = 1_000;

/** A branch that became stable at its change `revision`. `name` is the followed branch's. */
export type Trigger =
  | { readonly kind: 'trunk'; readonly name: string; readonly revision: Revision }
  | {
      readonly kind: 'project';
      readonly name: string;
      readonly revision: Revision;
      /** The paths of each change since the last one that was scheduled. */
      readonly files: readonly (readonly string[])[];
      /** Nothing of this branch was scheduled before, so that `files` says nothing. */
      readonly isBaseline: boolean;
    };

export interface ScheduleFacts {
  readonly farm: Farm;
  /** Followed branch to its newest known change. */
  readonly heads: ReadonlyMap<string, Revision>;
  /** Builder to the commits that its newest request pins, whatever became of it. */
  readonly newestRequests: ReadonlyMap<string, PinnedCommits>;
}

export interface PinnedCommits {
  readonly upstream: string;
  readonly project: string | null;
}

/** A request that is to be written. */
export interface RequestDraft {
  readonly builder: string;
  readonly reason: Extract<RequestReason, 'trunk' | 'project'>;
  readonly upstream: Revision;
  /** Null for a runtime builder and for a project without a repository. */
  readonly project: Revision | null;
}

/**
 * The requests that a stable branch asks for, in the order of the farm file: of a trunk, its runtime
 * builders and its projects' builders; of a project, its builders on all its trunks. Both commits
 * are pinned here. No request is written where a commit is not known yet, nor twice in a row for
 * the same commits.
 */
export function requestsFor(trigger: Trigger, facts: ScheduleFacts): RequestDraft[] {
  const drafts: RequestDraft[] = [];
  for (const builder of buildersAskedFor(trigger, facts.farm)) {
    const upstream = revisionOf(trunkName(builder.upstream, builder.trunk), trigger, facts);
    const project = builder.project === null ? undefined : facts.farm.projects.get(builder.project);
    const pinned = project?.repository ? revisionOf(project.name, trigger, facts) : null;
    if (!upstream || pinned === undefined) continue;
    const draft = { builder: builder.name, reason: trigger.kind, upstream, project: pinned };
    if (!isRepetition(draft, facts.newestRequests.get(builder.name))) drafts.push(draft);
  }
  return drafts;
}

function buildersAskedFor(trigger: Trigger, farm: Farm): Builder[] {
  const builders = buildersOf(farm);
  if (trigger.kind === 'trunk') {
    return builders.filter(({ upstream, trunk }) => trunkName(upstream, trunk) === trigger.name);
  }
  const project = farm.projects.get(trigger.name);
  if (!project || !(trigger.isBaseline || touches(project, trigger.files))) return [];
  return builders.filter((builder) => builder.project === trigger.name);
}

function touches(project: Project, changes: readonly (readonly string[])[]): boolean {
  if (project.onlyIfChanged.length === 0) return true;
  const matches = globMatcher(project.onlyIfChanged);
  return changes.some((files) => files.length >= maxChangeFiles || files.some(matches));
}

function revisionOf(branch: string, trigger: Trigger, facts: ScheduleFacts): Revision | undefined {
  return trigger.name === branch ? trigger.revision : facts.heads.get(branch);
}

function isRepetition(draft: RequestDraft, newest: PinnedCommits | undefined): boolean {
  return (
    newest?.upstream === draft.upstream.commit && newest.project === (draft.project?.commit ?? null)
  );
}
