import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { combineBuild, isConclusive, stepResult, worst } from '@weir/model';
import { findings, meaningOfFinding, resultOfFinding, type Result, results } from '@weir/protocol';
import fc from 'fast-check';
import { describe, it } from 'mocha';

describe('results', () => {
  it('of findings stand in the docs, in the order of the list', () => {
    const text = readFileSync(new URL('../../../../docs/reports.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `([\w-]+)` +\|.*\| `(\w+)` +\|$/gm)];

    assert.deepEqual(
      rows.map(([, finding, result]) => [finding, result]),
      findings.map((finding) => [finding, resultOfFinding[finding]]),
    );
  });

  it('of findings are told by the sentences of the docs', () => {
    const text = readFileSync(new URL('../../../../docs/reports.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `([\w-]+)` +\| (.*?) *\| `\w+` +\|$/gm)];
    const plain = rows.map(([, finding, means = '']) => [
      finding,
      means.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', ''),
    ]);

    assert.deepEqual(plain, Object.entries(meaningOfFinding));
  });

  it('is never a success with a finding', () => {
    for (const finding of findings) {
      assert.notEqual(stepResult('success', [finding]), 'success', finding);
    }
  });

  it('keeps what is worse than its findings', () => {
    assert.equal(stepResult('lost', ['timed-out']), 'lost');
    assert.equal(stepResult('success', ['log-cap', 'silent']), 'failure');
    assert.equal(stepResult('failure', []), 'failure');
  });

  it('puts the farm, infrastructure and people above the code', () => {
    const ordered: Result[] = [
      'success',
      'warnings',
      'skipped',
      'failure',
      'exception',
      'lost',
      'cancelled',
    ];

    assert.deepEqual(ordered.toSorted(), [...results].toSorted());
    for (const [index, result] of ordered.entries()) {
      assert.equal(worst(ordered.slice(0, index + 1)), result);
    }
  });

  it('does not depend on the order of the steps', () => {
    const anyResults = fc.array(fc.constantFrom(...results));
    fc.assert(
      fc.property(anyResults, (some) => {
        assert.equal(worst(some), worst(some.toReversed()));
        assert.ok(some.length === 0 || some.includes(worst(some)));
      }),
    );
  });

  it('is skipped where nothing ran', () => {
    assert.deepEqual(combineBuild([]), { result: 'skipped', findings: [] });
  });

  it("combines the steps' results and names each finding once", () => {
    const build = combineBuild([
      { result: 'success', findings: ['log-cap'] },
      { result: 'failure', findings: ['timed-out', 'log-cap'] },
    ]);

    assert.deepEqual(build, { result: 'failure', findings: ['timed-out', 'log-cap'] });
  });

  it("counts a step's findings even where its own result does not", () => {
    assert.equal(combineBuild([{ result: 'success', findings: ['disk-cap'] }]).result, 'failure');
  });

  it('says something about the code only as success, warnings or failure', () => {
    assert.deepEqual(results.filter(isConclusive), ['success', 'warnings', 'failure']);
  });

  it('prints a class for each finding that is conclusive or skipped', () => {
    for (const finding of findings) {
      const result = resultOfFinding[finding];
      assert.ok(isConclusive(result) || result === 'skipped', `${finding}: ${result}`);
    }
  });
});
