import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { MatrixChoice, MatrixPlace } from '../../src/layout.ts';
import { chooseMatrix } from '../../src/layout.ts';

const projects = ['json', 'lume', 'json-schema', 'twisted'];
const lua = place('lua', 'master', [null, 'json', 'lume', 'json-schema'], ['linux', 'musl']);
const luaOld = place('lua', 'v5', [null, 'json'], ['linux']);
const python = place('python', 'main', [null, 'twisted'], ['linux']);
const builders = [...lua, ...luaOld, ...python];

function place(
  upstream: string,
  trunk: string,
  rows: readonly (string | null)[],
  platforms: readonly string[],
): MatrixPlace[] {
  return rows.flatMap((project) =>
    platforms.map((platform) => {
      const name = [upstream, trunk, ...(project === null ? [] : [project]), platform].join('/');
      return { name, upstream, trunk, project, platform };
    }),
  );
}

describe('which rows and columns the matrix has', () => {
  const size = { trunks: 10, projects: 10 };

  function chosen(choice: Partial<MatrixChoice>, red: readonly string[] = [], most = size) {
    const whole: MatrixChoice = { red: false, sort: 'file', page: 1, ...choice };
    return chooseMatrix({ builders, projects }, new Set(red), { choice: whole, size: most });
  }

  /** The names of its columns and of its rows; `*` is the runtime's. */
  function axes(...asked: Parameters<typeof chosen>): [columns: string, rows: string] {
    const { columns, rows, hasRuntime } = chosen(...asked);
    const names = rows.map(({ name }) => name);
    return [
      columns.map(({ name }) => name).join(' '),
      [...(hasRuntime ? ['*'] : []), ...names].join(' '),
    ];
  }

  it('are every trunk, the runtime, and every project, in the order of the file', () => {
    assert.deepEqual(axes({}), [
      'lua/master lua/v5 python/main',
      '* json lume json-schema twisted',
    ]);
    assert.deepEqual(chosen({}).builders, builders);
  });

  it('are those of an upstream, of a trunk, of a platform: only what is tested there', () => {
    assert.deepEqual(axes({ upstream: 'python' }), ['python/main', '* twisted']);
    assert.deepEqual(axes({ trunk: 'lua/v5' }), ['lua/v5', '* json']);
    assert.deepEqual(axes({ platform: 'musl' }), ['lua/master', '* json lume json-schema']);
    assert.deepEqual(axes({ upstream: 'python', trunk: 'lua/v5' }), ['', '']);
  });

  it('are a project with all its trunks', () => {
    assert.deepEqual(axes({ project: 'json' }), ['lua/master lua/v5', '* json']);
    assert.deepEqual(
      chosen({ project: 'json', trunk: 'lua/v5' }).builders.map(({ name }) => name),
      ['lua/v5/linux', 'lua/v5/json/linux'],
    );
  });

  it('are the projects whose names have a part in common, where none is named so', () => {
    assert.deepEqual(axes({ project: 'SCH' }), ['lua/master', '* json-schema']);
    assert.deepEqual(axes({ project: 'u' }), ['lua/master', '* lume']);
    assert.deepEqual(axes({ project: 'nothing' }), ['', '']);
  });

  it('are only those with something red, with all that is in them', () => {
    const red = ['lua/master/json/musl'];

    assert.deepEqual(axes({ red: true }, red), ['lua/master', 'json']);
    assert.deepEqual(
      chosen({ red: true }, red).builders.map(({ name }) => name),
      ['lua/master/json/linux', 'lua/master/json/musl'],
    );
    assert.deepEqual(axes({ red: true }, ['python/main/linux']), ['python/main', '*']);
    assert.deepEqual(axes({ red: true, platform: 'linux' }, red), ['', '']);
    assert.deepEqual(axes({ red: true }), ['', '']);
  });

  it('say how much is red in each, and in all', () => {
    const red = ['lua/master/linux', 'lua/master/json/linux', 'lua/v5/json/linux'];
    const { columns, rows, red: all } = chosen({}, red);

    assert.deepEqual(
      columns.map((column) => column.red),
      [2, 1, 0],
    );
    assert.deepEqual(
      rows.map((row) => row.red),
      [2, 0, 0, 0],
    );
    assert.equal(all, 3);
    assert.equal(chosen({ trunk: 'lua/v5' }, red).red, 1);
  });

  it('begin with the projects that have most that is red, when so asked', () => {
    const red = ['python/main/twisted/linux', 'lua/master/lume/linux', 'lua/master/lume/musl'];

    assert.deepEqual(axes({ sort: 'red' }, red)[1], '* lume twisted json json-schema');
    assert.deepEqual(axes({ sort: 'red', upstream: 'lua' }, red)[1], '* lume json json-schema');
  });

  it('are so many at most: the rest is on other pages, and the runtime on each', () => {
    const most = { trunks: 2, projects: 2 };
    const { page, pages, projects: count, isCut } = chosen({ page: 2 }, [], most);

    assert.deepEqual(axes({}, [], most), ['lua/master lua/v5', '* json lume']);
    assert.deepEqual(axes({ page: 2 }, [], most), ['lua/master lua/v5', '* json-schema']);
    assert.deepEqual({ page, pages, count, isCut }, { page: 2, pages: 2, count: 3, isCut: true });
  });

  it('are those of the last page where fewer are left than were asked for', () => {
    const most = { trunks: 10, projects: 3 };

    assert.equal(chosen({ page: 99 }, [], most).page, 2);
    assert.deepEqual(axes({ page: 99 }, [], most)[1], '* twisted');
    assert.equal(chosen({ page: 99, project: 'nothing' }).page, 1);
  });
});
