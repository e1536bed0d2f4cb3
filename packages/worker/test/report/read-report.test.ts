import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportFormat, StepReport } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { readReport } from '../../src/report/read-report.ts';
import { SpoolWriter } from '../../src/spool/writer.ts';

const none = { passed: 0, failed: 0, skipped: 0, expectedFailures: 0, unexpectedPasses: 0 };

describe('the report of a step', () => {
  let dir: string;
  let workspace: string;
  let spools = 0;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-report-'));
    workspace = join(dir, 'src');
    mkdirSync(workspace);
  });
  after(() => rmSync(dir, { recursive: true }));

  /** Read from what a step printed. */
  async function printed(format: ReportFormat, text: string): Promise<StepReport> {
    spools += 1;
    const spool = join(dir, `spool-${spools}`);
    const writer = new SpoolWriter(spool, 1_000_000);
    writer.append(Buffer.from(text));
    await writer.finish();
    return readReport({
      spec: { format, files: [] },
      workspace,
      spool,
      objects: null,
      maxBytes: 1_000_000,
    });
  }

  function inFiles(format: ReportFormat, ...files: string[]): StepReport {
    const spool = join(dir, 'none');
    return readReport({
      spec: { format, files },
      workspace,
      spool,
      objects: null,
      maxBytes: 1_000_000,
    });
  }

  it('is read from what it printed, where no file is named', async () => {
    const report = await printed('tap', '1..2\nok 1 - a\nnot ok 2 - b\n');

    assert.equal(report.state, 'read', report.text);
    assert.deepEqual(report.totals, { ...none, passed: 1, failed: 1 });
    assert.deepEqual(report.named, [{ name: 'b', outcome: 'failed', message: '' }]);
  });

  it('says why it could not be read', async () => {
    const invalid = await printed('junit', '<testsuite><testcase name="a"/><testcase name="b">');
    const missing = await printed('pytest', 'Segmentation fault\n');

    assert.equal(invalid.state, 'invalid');
    assert.match(invalid.text, /unclosed tag/i);
    assert.equal(invalid.totals.passed, 1);
    assert.equal(missing.state, 'missing');
    assert.match(missing.text, /pytest/);
  });

  it('has text that can be stored and shown, whatever a test is called', async () => {
    const report = await printed(
      'ctrf',
      JSON.stringify({
        results: {
          tests: [
            { name: 'a\u0000\u001b[31mb\u0007', status: 'failed', message: '\u001b[1mboo\ud800' },
            { name: '\u{1f600}'.repeat(500), status: 'failed', duration: -5 },
          ],
        },
      }),
    );

    assert.deepEqual(report.named[0], { name: 'ab', outcome: 'failed', message: 'boo\ufffd' });
    assert.ok(report.named[1]?.name.isWellFormed());
    assert.equal(report.durationMs, null);
  });

  it('comes from many files, and from no file outside of the workspace', () => {
    mkdirSync(join(workspace, 'out'));
    writeFileSync(join(dir, 'secret.xml'), '<testsuite><testcase name="secret"/></testsuite>');
    symlinkSync(join(dir, 'secret.xml'), join(workspace, 'out', 'TEST-link.xml'));
    symlinkSync(dir, join(workspace, 'up'));
    for (const name of ['a', 'b']) {
      const text = `<testsuite><testcase name="${name}"><failure/></testcase></testsuite>`;
      writeFileSync(join(workspace, 'out', `TEST-${name}.xml`), text);
    }

    const report = inFiles('junit', 'out/TEST-*.xml', '../*.xml', 'up/*.xml', '/etc/*');

    assert.equal(report.state, 'read', report.text);
    assert.deepEqual(
      report.named.map(({ name }) => name),
      ['a', 'b'],
    );
  });

  it('is missing where no file has its name', () => {
    const report = inFiles('junit', 'nowhere/*.xml');

    assert.equal(report.state, 'missing');
    assert.match(report.text, /nowhere/);
  });

  it('is missing where what has its name is no file, and says what it is', () => {
    symlinkSync(join(dir, 'secret.xml'), join(workspace, 'link.xml'));
    symlinkSync('nowhere', join(workspace, 'dangling.xml'));
    mkdirSync(join(workspace, 'folder.xml'));
    execFileSync('mkfifo', [join(workspace, 'pipe.xml')]);

    for (const [name, words] of [
      ['link.xml', /^link\.xml is a link/],
      ['dangling.xml', /^dangling\.xml is a link/],
      ['folder.xml', /^folder\.xml is a folder/],
      ['pipe.xml', /^pipe\.xml is a pipe/],
    ] as const) {
      const { state, text } = inFiles('junit', name);
      assert.equal(state, 'missing');
      assert.match(text, words);
    }
  });

  it('says why it has no tests, where TAP says it', async () => {
    const { state, text } = await printed('tap', '1..0 # SKIP no database\n');

    assert.deepEqual([state, text], ['read', 'no database']);
  });

  it('has no half characters where a name is cut', async () => {
    const name = `a${'\u{1f600}'.repeat(500)}`;
    const report = await printed('tap', `1..1\nnot ok 1 - ${name}\n`);

    assert.match(report.named[0]?.name ?? '', /^a(?:\u{1f600})+…$/u);
  });

  it('is capped where it is too large', () => {
    writeFileSync(join(workspace, 'large.xml'), `<testsuite>${' '.repeat(2_000_000)}</testsuite>`);

    assert.equal(inFiles('junit', 'large.xml').state, 'capped');
  });

  it('is read by the encoding that it declares', () => {
    const text =
      '<?xml version="1.0" encoding="iso-8859-1"?><testsuite><testcase name="é"><failure/></testcase></testsuite>';
    writeFileSync(join(workspace, 'latin.xml'), Buffer.from(text, 'latin1'));

    assert.equal(inFiles('junit', 'latin.xml').named[0]?.name, 'é');
  });
});
