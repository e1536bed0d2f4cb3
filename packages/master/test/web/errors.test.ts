import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { problems } from '../../src/web/server/problems.ts';

const root = join(import.meta.dirname, '../../../..');

/** The codes that a section of the page lists, with the statuses that stand beside them. */
function listed(section: string): Map<string, string> {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const rows = (text.split(`## ${section}\n`)[1] ?? '').split('\n## ')[0] ?? '';
  const codes = new Map<string, string>();
  for (const [, names = '', statuses = ''] of rows.matchAll(/^\| (`.+?`) +\| ([\d, ]+?) +\|/gm)) {
    for (const [, code = ''] of names.matchAll(/`([a-z-]+)`/g)) codes.set(code, statuses);
  }
  return codes;
}

describe('docs/errors.md', () => {
  it('lists every code of the web role, and no other', () => {
    const known = Object.entries(problems).map(([code, { status }]) => [code, String(status)]);

    assert.deepEqual(new Map(listed('Of every door')), new Map(known as [string, string][]));
  });

  it('lists every code with which the engine refuses a command, and no other', () => {
    const thrown = new Map<string, Set<string>>();
    for (const file of globSync('packages/master/src/**/*.ts', { cwd: root })) {
      const source = readFileSync(join(root, file), 'utf8');
      const calls = source.matchAll(/new CommandError\(\s*(\d+),\s*'([a-z-]+)'/g);
      for (const [, status = '', code = ''] of calls) {
        thrown.set(code, (thrown.get(code) ?? new Set()).add(status));
      }
    }
    const known = [...thrown].map(([code, statuses]) => [
      code,
      [...statuses].toSorted().join(', '),
    ]);

    assert.deepEqual(listed('Of commands'), new Map(known as [string, string][]));
  });
});
