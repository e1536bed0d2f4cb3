import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readReportApart, reportLimits } from '../../src/report/read-apart.ts';

describe('a report in a process of its own', () => {
  let workspace: string;
  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'weir-report-'));
  });
  afterEach(() => rmSync(workspace, { recursive: true }));

  const order = (format: 'junit' | 'ctrf') => ({
    spec: { format, files: ['report'] },
    workspace,
    spool: join(workspace, 'none'),
    objects: join(workspace, 'objects'),
  });

  it('is read', async () => {
    writeFileSync(join(workspace, 'report'), '<testsuite><testcase name="a"/></testsuite>');

    const report = await readReportApart(order('junit'));

    assert.deepEqual([report.state, report.totals.passed], ['read', 1]);
  });

  it('is capped when it needs more memory than there is for it', async () => {
    const tests = Array.from({ length: 200_000 }, (_, n) => ({ name: `t${n}`, status: 'passed' }));
    writeFileSync(join(workspace, 'report'), JSON.stringify({ results: { tests } }));

    const report = await readReportApart(order('ctrf'), { ...reportLimits, heapMb: 16 });

    assert.equal(report.state, 'capped');
    assert.match(report.text, /16 MiB/);
  });

  it('carries the variables that it is given', async () => {
    writeFileSync(join(workspace, 'report'), '<testsuite/>');
    const env = { NODE_OPTIONS: '--no-such-option' };

    const reading = readReportApart(order('junit'), reportLimits, env);

    await assert.rejects(reading, /ended with status 9/);
  });

  it('is capped when it takes too long', async () => {
    const suite = `<testsuite>${'<testcase name="a"/>'.repeat(500_000)}</testsuite>`;
    writeFileSync(join(workspace, 'report'), suite);

    const report = await readReportApart(order('junit'), { ...reportLimits, ms: 1 });

    assert.equal(report.state, 'capped');
    assert.match(report.text, /within/);
  });
});
