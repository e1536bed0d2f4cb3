import type { BuilderFacts } from '@weir/model';
import { trunkName } from '@weir/model';
import type { Commit } from './commits.ts';
import { type Draw, topics } from './draw.ts';

/** One commit that breaks something, until another one fixes it. */
export interface Breakage {
  readonly commit: Commit;
  /** The first position at which it is fixed. */
  readonly fixedAt: number;
  readonly builders: ReadonlySet<number>;
}

/** Whether all packages break alike often, or some far more often than others. */
export const worlds = ['even', 'skewed'] as const;
export type World = (typeof worlds)[number];

const fixedAfterMs = 12 * 3_600_000;
/** Of these no more break at once. */
const largestShare = 0.2;
/** So many breakages happened before the simulated time: what a farm that has run for a while knows. */
const pastBreakages = 1_000;

/** What can break: a project, or where there are none a platform. */
export function subjectOf({
  project,
  platform,
}: Pick<BuilderFacts, 'project' | 'platform'>): string {
  return project ?? platform;
}

/** Which commits break what, by trunk and position, and how often each subject broke in the past. */
export class Breakages {
  readonly all: readonly Breakage[];
  /** Of `pastBreakages`, those that broke a subject. */
  readonly past: ReadonlyMap<string, number>;
  readonly #ofBuilder = new Map<number, Breakage[]>();

  constructor(
    builders: Iterable<BuilderFacts>,
    commits: ReadonlyMap<string, readonly Commit[]>,
    chance: { share: number; world: World; draw: Draw },
  ) {
    const hasProjects = [...builders].some(({ kind }) => kind === 'project');
    const fragile = [...builders].filter(({ kind }) => !hasProjects || kind === 'project');
    const victims = new Victims([...new Set(fragile.map(subjectOf))], chance);
    const byTrunk = Map.groupBy(fragile, ({ upstream, trunk }) => trunkName(upstream, trunk));
    this.past = victims.past();
    this.all = [...commits].flatMap(([trunk, its], index) =>
      its.flatMap((commit) => {
        if (chance.draw.uniform(topics.breaks, index, commit.position) >= chance.share) return [];
        const fixMs =
          -fixedAfterMs * Math.log(1 - chance.draw.uniform(topics.fixed, index, commit.position));
        const fix = its.find(({ at }) => at > commit.at + fixMs);
        const hit = victims.of(index * 1_000_000 + commit.position, byTrunk.get(trunk) ?? []);
        if (hit.size === 0) return [];
        return { commit, fixedAt: fix?.position ?? Infinity, builders: hit };
      }),
    );
    for (const breakage of this.all) {
      for (const id of breakage.builders) {
        this.#ofBuilder.set(id, [...(this.#ofBuilder.get(id) ?? []), breakage]);
      }
    }
  }

  /** What is broken for a builder at a position of its trunk. */
  at(builderId: number, position: number): readonly Breakage[] {
    const its = this.#ofBuilder.get(builderId) ?? [];
    return its.filter(({ commit, fixedAt }) => commit.position <= position && position < fixedAt);
  }
}

/** Chooses what a breakage breaks: one subject most often, now and then hundreds. */
class Victims {
  readonly #subjects: readonly string[];
  readonly #sums: readonly number[];
  readonly #draw: Draw;

  constructor(subjects: readonly string[], { world, draw }: { world: World; draw: Draw }) {
    this.#subjects = subjects;
    this.#draw = draw;
    let sum = 0;
    this.#sums = subjects.map((_, index) => {
      sum += world === 'even' ? 1 : Math.exp(1.5 * draw.normal(topics.fragility, index));
      return sum;
    });
  }

  past(): Map<string, number> {
    const counts = new Map<string, number>();
    for (let n = 0; n < pastBreakages; n++) {
      for (const subject of this.#subjectsOf(topics.past * 1_000_000 + n)) {
        counts.set(subject, (counts.get(subject) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** The builders that one breakage shows on: on all platforms in four cases of five, else on one. */
  of(breakage: number, builders: readonly BuilderFacts[]): Set<number> {
    const subjects = this.#subjectsOf(breakage);
    const platforms = [...new Set(builders.map(({ platform }) => platform))];
    const which = this.#draw.uniform(topics.platform, breakage);
    const only = which < 0.8 ? null : platforms[Math.floor((which - 0.8) * 5 * platforms.length)];
    const hit = builders.filter((builder) => {
      const isHere = builder.project === null || only === null || builder.platform === only;
      return isHere && subjects.has(subjectOf(builder));
    });
    return new Set(hit.map(({ id }) => id));
  }

  #subjectsOf(breakage: number): Set<string> {
    // A power law: half of all breakages hit one subject, one in a hundred a hundred of them.
    const size = Math.floor(1 / (1 - this.#draw.uniform(topics.size, breakage)));
    const most = Math.max(1, Math.floor(this.#subjects.length * largestShare));
    const subjects = new Set<string>();
    for (let n = 0; n < Math.min(size, most); n++) {
      subjects.add(this.#pick(this.#draw.uniform(topics.victim, breakage, n)));
    }
    return subjects;
  }

  #pick(share: number): string {
    const wanted = share * (this.#sums.at(-1) ?? 0);
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return this.#subjects[low] ?? '';
  }
}
