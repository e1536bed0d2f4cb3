import assert from 'node:assert/strict';
import { layWaterfall } from '@weir/model/layout';
import type { GridBuild, GridRow } from '@weir/model/layout';
import fc from 'fast-check';
import { describe, it } from 'mocha';

/** Rows as `MOMENT: CHANGES | COLUMN | COLUMN`; a cell is `BUILDxROWS`, a gap `.xROWS`, a cell reaching down ``. */
function drawn(rows: readonly GridRow[]): string[] {
  return rows.map(({ at, changes, cells }) => {
    const columns = cells.map((cell) => (cell ? `${cell.build ?? '.'}x${cell.rows}` : ''));
    return `${at}: ${[changes.join(','), ...columns].join(' | ')}`;
  });
}

function build(id: number, startedAt: number, finishedAt: number | null, column = 0): GridBuild {
  return { id, column, startedAt, finishedAt };
}

describe('layWaterfall', () => {
  it('has no rows where nothing happened', () => {
    assert.deepEqual(layWaterfall(3, [], []), []);
  });

  it('lays a build across the moments that it lasted, newest on top', () => {
    const builds = [build(1, 10, 40), build(2, 20, 30, 1)];

    assert.deepEqual(drawn(layWaterfall(2, builds, [{ id: 7, seenAt: 5 }])), [
      '40:  | 1x4 | .x1',
      '30:  |  | 2x2',
      '20:  |  | ',
      '10:  |  | .x2',
      '5: 7 | .x1 | ',
    ]);
  });

  it('spends no row on idle time', () => {
    const year = 365 * 86_400_000;

    assert.equal(layWaterfall(1, [build(1, 0, 10), build(2, year, year + 10)], []).length, 4);
  });

  it('lets a running build reach up to now', () => {
    assert.deepEqual(drawn(layWaterfall(1, [build(1, 10, null)], [{ id: 1, seenAt: 20 }])), [
      'Infinity:  | 1x3',
      '20: 1 | ',
      '10:  | ',
    ]);
  });

  it('puts builds of one column that overlap under each other', () => {
    const rows = layWaterfall(1, [build(1, 10, 40), build(2, 20, 30)], []);

    assert.deepEqual(drawn(rows), ['40:  | .x1', '30:  | 2x2', '20:  | ', '10:  | 1x1']);
  });

  it('shows the newest change of a moment first', () => {
    const changes = [1, 2, 3].map((id) => ({ id, seenAt: 10 }));

    assert.deepEqual(layWaterfall(0, [], changes)[0]?.changes, [3, 2, 1]);
  });

  it('has a place for builds that began together, and for one that ended before it began', () => {
    const rows = layWaterfall(1, [build(1, 10, 20), build(2, 10, 20), build(3, 30, 25)], []);

    assert.deepEqual(
      rows.flatMap(({ cells }) => cells.map((cell) => cell?.build)).filter(Boolean),
      [3, 2, 1],
    );
  });
});

const columns = 3;
const anyBuild = fc
  .record({
    column: fc.integer({ min: 0, max: columns - 1 }),
    startedAt: fc.integer({ min: 0, max: 60 }),
    took: fc.option(fc.integer({ min: -3, max: 30 })),
  })
  .map(({ column, startedAt, took }) => ({
    column,
    startedAt,
    finishedAt: took === null ? null : startedAt + took,
  }));
const anyFarm = fc.record({
  builds: fc.array(anyBuild, { maxLength: 40 }),
  seen: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 20 }),
});

describe('layWaterfall, whatever happened', () => {
  function holds(check: (rows: GridRow[], builds: GridBuild[], seen: number[]) => void): void {
    fc.assert(
      fc.property(anyFarm, (farm) => {
        const builds = farm.builds.map((each, index) => ({ ...each, id: index + 1 }));
        const changes = farm.seen.map((seenAt, index) => ({ id: index + 1, seenAt }));
        check(layWaterfall(columns, builds, changes), builds, farm.seen);
      }),
    );
  }

  it('fills every column from top to bottom, without a hole and without an overlap', () => {
    holds((rows) => {
      for (let column = 0; column < columns; column++) {
        let next = 0;
        for (const [index, { cells }] of rows.entries()) {
          const cell = cells[column];
          assert.equal(cell !== undefined, index === next);
          next += cell?.rows ?? 0;
        }
        assert.equal(next, rows.length);
      }
    });
  });

  it('shows each build and each change once', () => {
    holds((rows, builds, seen) => {
      const cells = rows.flatMap((row) => row.cells).flatMap((cell) => cell?.build ?? []);
      const changes = rows.flatMap((row) => row.changes);

      assert.deepEqual(cells.toSorted(byNumber), builds.map(({ id }) => id).toSorted(byNumber));
      assert.equal(changes.length, seen.length);
      assert.equal(new Set(changes).size, seen.length);
    });
  });

  it('keeps the order of builds in a column, and of rows', () => {
    holds((rows, builds) => {
      const startOf = new Map(builds.map(({ id, startedAt }) => [id, startedAt]));
      for (let column = 0; column < columns; column++) {
        const starts = rows.flatMap((row) => startOf.get(row.cells[column]?.build ?? 0) ?? []);
        assert.deepEqual(
          starts,
          starts.toSorted((a, b) => b - a),
        );
      }
      assert.deepEqual(
        rows.map(({ at }) => at),
        rows.map(({ at }) => at).toSorted((a, b) => b - a),
      );
    });
  });

  it('needs no more rows than there are moments', () => {
    holds((rows, builds, seen) => {
      assert.ok(rows.length <= 2 * builds.length + seen.length);
    });
  });
});

function byNumber(a: number, b: number): number {
  return a - b;
}
