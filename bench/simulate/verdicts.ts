import type { BuilderFacts } from '@weir/model';
import { trunkName } from '@weir/model';
import type { Breakage, Breakages } from './breakages.ts';
import type { Commit } from './commits.ts';

/** When what was known of one commit, in milliseconds after it was made. */
export interface CommitTimes {
  first?: number;
  half?: number;
  most?: number;
  last?: number;
}

interface Progress extends CommitTimes {
  readonly at: number;
  known: number;
}

/** What builds say: of each commit when its builders had a verdict, of each breakage when it was seen. */
export class Verdicts {
  readonly #commits = new Map<string, Progress[]>();
  readonly #builders = new Map<string, number>();
  /** By builder, the position up to which it has a verdict. */
  readonly #upTo = new Map<number, number>();
  readonly #breakages: Breakages;
  readonly #seen = new Map<Breakage, Map<number, number>>();

  constructor(
    builders: Iterable<BuilderFacts>,
    commits: ReadonlyMap<string, readonly Commit[]>,
    breakages: Breakages,
  ) {
    this.#breakages = breakages;
    for (const builder of builders) {
      const trunk = trunkName(builder.upstream, builder.trunk);
      this.#builders.set(trunk, (this.#builders.get(trunk) ?? 0) + 1);
    }
    for (const [trunk, its] of commits) {
      this.#commits.set(
        trunk,
        its.map(({ at }) => ({ at, known: 0 })),
      );
    }
  }

  /** A build of this builder ended at `now` with a verdict of all commits up to `position`. */
  add(builder: BuilderFacts, position: number, now: number): void {
    const trunk = trunkName(builder.upstream, builder.trunk);
    const commits = this.#commits.get(trunk) ?? [];
    const builders = this.#builders.get(trunk) ?? 0;
    const from = this.#upTo.get(builder.id) ?? 0;
    for (let index = from; index < position; index++) {
      const commit = commits[index];
      if (commit !== undefined) count(commit, builders, now);
    }
    this.#upTo.set(builder.id, Math.max(from, position));
    for (const breakage of this.#breakages.at(builder.id, position)) {
      const seen = this.#seen.get(breakage) ?? new Map<number, number>();
      this.#seen.set(breakage, seen);
      if (!seen.has(builder.id)) seen.set(builder.id, now - breakage.commit.at);
    }
  }

  /** How many commits of its trunk a builder has not judged yet, up to `position`. */
  unjudged(builderId: number, position: number): number {
    return position - (this.#upTo.get(builderId) ?? 0);
  }

  commits(): CommitTimes[] {
    return [...this.#commits.values()].flat();
  }

  /** Of each breakage, how long after its commit each builder that it broke was seen red. */
  breakages(): { of: number; seenAfter: number[] }[] {
    return this.#breakages.all.map((breakage) => ({
      of: breakage.builders.size,
      seenAfter: [...(this.#seen.get(breakage)?.values() ?? [])].toSorted((a, b) => a - b),
    }));
  }
}

function count(commit: Progress, builders: number, now: number): void {
  const after = now - commit.at;
  commit.known += 1;
  commit.first ??= after;
  if (commit.known * 2 >= builders) commit.half ??= after;
  if (commit.known * 10 >= builders * 9) commit.most ??= after;
  if (commit.known === builders) commit.last = after;
}
