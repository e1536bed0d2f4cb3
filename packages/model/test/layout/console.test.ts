import assert from 'node:assert/strict';
import { layConsole } from '@weir/model/layout';
import type { ConsoleBuild, ConsoleChange, ConsoleColumn } from '@weir/model/layout';
import { describe, it } from 'mocha';

const change = (text: string): ConsoleChange => {
  const [branch = '', position] = text.split(' ');
  return { id: Number(position), branch, position: Number(position) };
};
const build = (id: number, upstream: number, project: number | null = null): ConsoleBuild => ({
  id,
  upstream,
  project,
  speaks: true,
});
const runtime = (...builds: ConsoleBuild[]): ConsoleColumn => ({
  trunk: 'lang/main',
  project: null,
  builds,
});

/** The builds of one column, row by row; `-` where the change is none of its own. */
function told(changes: readonly string[], column: ConsoleColumn): string {
  return layConsole(changes.map(change), [column])
    .map(([cell]) => (cell === undefined ? '-' : String(cell.build)))
    .join(' ');
}

describe('the console', () => {
  const trunk = ['lang/main 4', 'lang/main 3', 'lang/main 2', 'lang/main 1'];

  it('shows for each change the first build that contains it', () => {
    assert.equal(told(trunk, runtime(build(1, 1), build(2, 3))), 'null 2 2 1');
  });

  it('tells how many rows one build covers', () => {
    const rows = layConsole(trunk.map(change), [runtime(build(1, 1), build(2, 4))]);
    assert.deepEqual(
      rows.map(([cell]) => cell?.rows),
      [3, 0, 0, 1],
    );
  });

  it('takes the newest of builds of the same revisions', () => {
    assert.equal(told(trunk, runtime(build(1, 4), build(2, 4))), '2 2 2 2');
  });

  it('leaves out builds that say nothing', () => {
    const lost = { ...build(1, 4), speaks: false };
    assert.equal(told(trunk, runtime(lost, build(2, 4))), '2 2 2 2');
  });

  it('shows changes of a project in its own columns alone', () => {
    const changes = ['lib 2', 'lang/main 2', 'lib 1', 'app 1'];
    const column = { ...runtime(build(1, 1, 1), build(2, 2, 1), build(3, 2, 2)), project: 'lib' };
    assert.equal(told(changes, column), '3 2 1 -');
  });
});
