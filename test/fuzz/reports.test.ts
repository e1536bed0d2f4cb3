import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportFormats } from '@weir/protocol';
import { describe, it } from 'mocha';
import { readTests } from '../../packages/worker/src/report/read-report.ts';
import { Tally } from '../../packages/worker/src/report/tally.ts';
import { fuzzReports, makeCase } from './reports.ts';
import { samples } from './samples.ts';

describe('broken test reports', () => {
  it('are made of good ones', () => {
    for (const format of reportFormats) {
      const tally = new Tally();
      readTests(format, [samples[format]], tally);

      assert.ok(tally.totals.passed > 0 || tally.totals.failed > 0, format);
    }
  });

  it('follow from their seed', () => {
    assert.deepEqual(makeCase('weir', 7), makeCase('weir', 7));
    assert.notDeepEqual(makeCase('weir', 7), makeCase('weir', 8));
  });

  it('are each answered (npm run fuzz has more of them)', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-fuzz-'));
    const findings = await fuzzReports({ seed: 'weir', cases: 12, ms: 20_000, dir });
    rmSync(dir, { recursive: true });

    assert.deepEqual(findings.violations, []);
    assert.ok(findings.cases > 0);
  });
});
