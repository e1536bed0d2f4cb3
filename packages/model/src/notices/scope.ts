import type { Moved } from '@weir/protocol';

/**
 * What a subscription is about: `farm`, `trunk/UPSTREAM/TRUNK`, `project/NAME`, `worker/NAME` or
 * `breakage/NUMBER`.
 */
export type Scope = 'farm' | `${'trunk' | 'project' | 'worker' | 'breakage'}/${string}`;

const name = '[a-z0-9][a-z0-9._-]{0,63}';
const forms = new RegExp(
  `^(farm|trunk/${name}/${name}|project/${name}|worker/${name}|breakage/[1-9]\\d{0,14})$`,
);

export function isScope(text: string): text is Scope {
  return forms.test(text);
}

/** As in "you get this because you follow ...". */
export function scopeInWords(scope: Scope): string {
  if (scope === 'farm') return 'the whole farm';
  const slash = scope.indexOf('/');
  return `the ${scope.slice(0, slash)} ${scope.slice(slash + 1)}`;
}

/** What of a breakage decides who hears of it. */
export interface BreakageReach {
  readonly id: number;
  readonly moved: Moved;
  /** The builders that show it. */
  readonly shown: readonly {
    /** `UPSTREAM/TRUNK` */
    readonly trunk: string;
    /** Null for a runtime builder. */
    readonly project: string | null;
  }[];
}

/**
 * The scopes that a breakage belongs to. A project hears of all that breaks it; those who follow a
 * trunk hear of it when the trunk's changes may be at fault, or its own runtime is broken.
 */
export function scopesOfBreakage({ id, moved, shown }: BreakageReach): Scope[] {
  const isTrunks = moved === 'upstream' || moved === 'both';
  const scopes = new Set<Scope>(['farm', `breakage/${id}`]);
  for (const { trunk, project } of shown) {
    if (project !== null) scopes.add(`project/${project}`);
    if (project === null || isTrunks) scopes.add(`trunk/${trunk}`);
  }
  return [...scopes].toSorted();
}
