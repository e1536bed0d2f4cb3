/** A change as the console sees it: its branch, and its place on it. */
export interface ConsoleChange {
  readonly id: number;
  readonly branch: string;
  readonly position: number;
}

/** A build of a column, with the places of its revisions. */
export interface ConsoleBuild {
  readonly id: number;
  readonly upstream: number;
  readonly project: number | null;
  /** Its result says something about the code, or it still runs. */
  readonly speaks: boolean;
}

export interface ConsoleColumn {
  readonly trunk: string;
  /** The project's branch; null for a runtime builder. */
  readonly project: string | null;
  readonly builds: readonly ConsoleBuild[];
}

export interface ConsoleCell {
  /** Null: nothing has built the change there yet. */
  readonly build: number | null;
  /** So many rows have the same build, this one included; 0 in all but the first of them. */
  readonly rows: number;
}

/**
 * For each change, newest first, and each column the build that tells of it: the first one that
 * contains it, or, where that very pair of revisions was built again, the newest of those. Undefined
 * where the change is none of the column's: another project's.
 */
export function layConsole(
  changes: readonly ConsoleChange[],
  columns: readonly ConsoleColumn[],
): (ConsoleCell | undefined)[][] {
  const grid = columns.map((column) => layColumn(changes, column));
  return changes.map((_, row) => grid.map((column) => column[row]));
}

function layColumn(
  changes: readonly ConsoleChange[],
  { trunk, project, builds }: ConsoleColumn,
): (ConsoleCell | undefined)[] {
  const speaking = builds.filter(({ speaks }) => speaks).toSorted((a, b) => a.id - b.id);
  const ids = changes.map(({ branch, position }) => {
    if (branch === trunk) return teller(speaking, ({ upstream }) => upstream >= position);
    if (branch !== project) return undefined;
    return teller(speaking, (build) => build.project !== null && build.project >= position);
  });
  return ids.map((build, row) => {
    return build === undefined ? undefined : { build, rows: rowsFrom(ids, row) };
  });
}

/** The first build that contains a change, or the newest of the same revisions; null when there is none. */
function teller(
  builds: readonly ConsoleBuild[],
  contains: (build: ConsoleBuild) => boolean,
): number | null {
  const first = builds.find(contains);
  if (first === undefined) return null;
  const same = builds.findLast(
    ({ upstream, project }) => upstream === first.upstream && project === first.project,
  );
  return (same ?? first).id;
}

function rowsFrom(ids: readonly (number | null | undefined)[], row: number): number {
  const build = ids[row];
  if (build === null || build === undefined) return 1;
  if (ids[row - 1] === build) return 0;
  let rows = 1;
  while (ids[row + rows] === build) rows += 1;
  return rows;
}
