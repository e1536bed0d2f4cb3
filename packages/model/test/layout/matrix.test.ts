import assert from 'node:assert/strict';
import type { Verdict } from '@weir/protocol';
import { describe, it } from 'mocha';
import type { MatrixBuilder } from '../../src/layout.ts';
import { layMatrix } from '../../src/layout.ts';

function builder(
  project: string | null,
  trunk: string,
  platform: string,
  says: { verdict?: Verdict; verdictAt?: number | null; stale?: boolean } = {},
): MatrixBuilder {
  const { verdict = 'green', verdictAt = 1_000, stale = false } = says;
  const name = `lua/${trunk}/${project ?? ''}/${platform}`;
  return { name, upstream: 'lua', trunk, project, platform, verdict, verdictAt, stale };
}

describe('layMatrix', () => {
  it('puts each builder where its project and its trunk meet, and leaves the rest empty', () => {
    const cells = layMatrix(
      [null, 'json', 'lume'],
      ['lua/master', 'lua/v5'],
      [
        builder(null, 'master', 'linux'),
        builder(null, 'v5', 'linux'),
        builder('json', 'master', 'linux'),
        builder('json', 'master', 'musl'),
        builder('lume', 'v5', 'linux'),
      ],
    );

    assert.deepEqual(
      cells.map((row) => row.map((cell) => cell.map(({ platform }) => platform).join(' '))),
      [
        ['linux', 'linux'],
        ['linux musl', ''],
        ['', 'linux'],
      ],
    );
  });

  function order(...builders: MatrixBuilder[]): string {
    const [[cell] = []] = layMatrix(['json'], ['lua/master'], builders);
    return cell?.map(({ platform }) => platform).join(' ') ?? '';
  }

  it('puts the worst first', () => {
    const found = order(
      builder('json', 'master', 'green'),
      builder('json', 'master', 'stale', { stale: true }),
      builder('json', 'master', 'unknown', { verdict: 'unknown', verdictAt: null }),
      builder('json', 'master', 'never', { verdict: 'never green' }),
      builder('json', 'master', 'red', { verdict: 'red', stale: true }),
    );

    assert.equal(found, 'red never unknown stale green');
  });

  it('puts the oldest first among equals, and then what is first in the file', () => {
    const found = order(
      builder('json', 'master', 'c', { verdictAt: 3_000 }),
      builder('json', 'master', 'b', { verdictAt: 2_000 }),
      builder('json', 'master', 'a', { verdictAt: 2_000 }),
    );

    assert.equal(found, 'b a c');
  });
});
