/** A build as the grid sees it. Times are milliseconds UTC. */
export interface GridBuild {
  readonly id: number;
  readonly column: number;
  readonly startedAt: number;
  /** Null while it runs. */
  readonly finishedAt: number | null;
}

export interface GridChange {
  readonly id: number;
  readonly seenAt: number;
}

/** One cell of one column: a build or a gap that spans so many rows. */
export interface GridCell {
  readonly build: number | null;
  readonly rows: number;
}

/** A row of the grid; the newest is first. */
export interface GridRow {
  /** The newest moment in it. */
  readonly at: number;
  /** Changes seen in it, newest first. */
  readonly changes: readonly number[];
  /** By column; undefined where the cell of a row above reaches down into this one. */
  readonly cells: readonly (GridCell | undefined)[];
}

/**
 * Lays builds and changes out as rows of time, the newest on top. A row is the time between two
 * moments at which something began, ended or was seen: where nothing happens no row is spent, so idle
 * hours cost no room, while the order of all that happened is kept across columns. Within a column
 * builds that overlap in time (of several workers) follow each other by their start, each with a row
 * at least.
 */
export function layWaterfall(
  columns: number,
  given: readonly GridBuild[],
  changes: readonly GridChange[],
): GridRow[] {
  const builds = withOwnStarts(given);
  const moments = momentsOf(builds, changes);
  const rowOf = new Map(moments.map((moment, row) => [moment, row]));
  const changesOf = Map.groupBy(changes, (change) => rowOf.get(change.seenAt) ?? 0);
  const grid = Array.from({ length: columns }, (_, column) =>
    layColumn(
      builds.filter((build) => build.column === column),
      moments,
    ),
  );
  return moments.map((at, row) => ({
    at,
    changes: (changesOf.get(row) ?? [])
      .toSorted((a, b) => b.seenAt - a.seenAt || b.id - a.id)
      .map(({ id }) => id),
    cells: grid.map((column) => column.get(row)),
  }));
}

/**
 * No two builds of a column begin at the same moment afterwards, and none ends before it began, as
 * a clock that was set back may have it: so there is a row for each of them.
 */
function withOwnStarts(builds: readonly GridBuild[]): GridBuild[] {
  const taken = new Set<string>();
  return builds
    .toSorted((a, b) => b.startedAt - a.startedAt || b.id - a.id)
    .map((build) => {
      let { startedAt } = build;
      while (taken.has(`${build.column} ${startedAt}`)) startedAt -= 1;
      taken.add(`${build.column} ${startedAt}`);
      const ended = build.finishedAt;
      const finishedAt = ended === null ? null : Math.max(ended, startedAt);
      return { ...build, startedAt, finishedAt };
    });
}

/** Every moment that needs a row of its own, newest first. */
function momentsOf(builds: readonly GridBuild[], changes: readonly GridChange[]): number[] {
  const moments = new Set(changes.map(({ seenAt }) => seenAt));
  for (const { startedAt, finishedAt } of builds) {
    moments.add(startedAt);
    moments.add(finishedAt ?? Infinity);
  }
  return [...moments].toSorted((a, b) => b - a);
}

/** The cells of one column by the row that they begin in, without a hole and without an overlap. */
function layColumn(
  builds: readonly GridBuild[],
  moments: readonly number[],
): Map<number, GridCell> {
  const newestFirst = builds.toSorted((a, b) => b.startedAt - a.startedAt || b.id - a.id);
  const cells = new Map<number, GridCell>();
  let next = 0;
  for (const { id, startedAt, finishedAt } of newestFirst) {
    // Moments fall from row to row, so the end of a build is above its start.
    const bottom = rowAt(moments, startedAt);
    const top = Math.max(rowAt(moments, finishedAt ?? Infinity), next);
    if (top > next) cells.set(next, { build: null, rows: top - next });
    cells.set(top, { build: id, rows: bottom - top + 1 });
    next = bottom + 1;
  }
  if (next < moments.length) cells.set(next, { build: null, rows: moments.length - next });
  return cells;
}

function rowAt(moments: readonly number[], moment: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] ?? 0) > moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
