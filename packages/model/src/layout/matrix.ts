import type { Verdict } from '@weir/protocol';
import type { MatrixPlace } from './choose-matrix.ts';

/** A builder as a cell of the matrix sees it. Times are milliseconds UTC. */
export interface MatrixBuilder extends MatrixPlace {
  readonly verdict: Verdict;
  readonly verdictAt: number | null;
  /** Something has waited for it for so long that its verdict is old news. */
  readonly stale: boolean;
}

/**
 * The builders of each row, by column, the worst first: what is red, what was never green, what is
 * not known, a green that is old news, green. Of equals the one whose verdict is older: nothing in
 * the cell is older than what its first one says.
 *
 * @param rows projects; null is the runtime
 * @param columns `UPSTREAM/TRUNK` each
 * @param builders in the farm file's order, which decides where nothing else does
 */
export function layMatrix<B extends MatrixBuilder>(
  rows: readonly (string | null)[],
  columns: readonly string[],
  builders: readonly B[],
): (readonly B[])[][] {
  const byRow = Map.groupBy(builders, ({ project }) => project);
  return rows.map((row) => {
    const byColumn = Map.groupBy(
      byRow.get(row) ?? [],
      ({ upstream, trunk }) => `${upstream}/${trunk}`,
    );
    return columns.map((column) => worstFirst(byColumn.get(column) ?? []));
  });
}

function worstFirst<B extends MatrixBuilder>(builders: readonly B[]): B[] {
  return builders.toSorted(
    (a, b) => rankOf(a) - rankOf(b) || (a.verdictAt ?? 0) - (b.verdictAt ?? 0),
  );
}

const ranks: Readonly<Record<Verdict, number>> = { red: 0, 'never green': 1, unknown: 2, green: 4 };

function rankOf({ verdict, stale }: MatrixBuilder): number {
  return verdict === 'green' && stale ? ranks.green - 1 : ranks[verdict];
}
