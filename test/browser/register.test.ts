import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { FarmProcess, token } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

describe('registering a worker', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let browser: Browser;
  let home: string;
  /** Holds Node 24 alone; the rest of the PATH is the system's. */
  let bin: string;

  before(async function () {
    needs(this, 'chromium', 'bwrap');
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    browser = await launchBrowser();
    home = await mkdtemp(join(tmpdir(), 'weir-volunteer-'));
    bin = await mkdtemp(join(tmpdir(), 'weir-bin-'));
    await symlink(process.execPath, join(bin, 'node'));
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    for (const dir of [home, bin]) if (dir) await rm(dir, { recursive: true, force: true });
  });

  async function fillIn(page: Page, name: string): Promise<void> {
    await page.goto(`${farm.url}/workers`);
    await page.getByRole('link', { name: 'Lend a machine' }).click();
    await page.getByLabel('Name of the machine').fill(name);
    await page.getByLabel('Your mail address').fill('vera@example.test');
    await page.getByLabel('Builds at once').fill('2');
    await page.getByRole('checkbox', { name: 'app' }).check();
    await page.getByRole('button', { name: 'Show the command' }).click();
  }

  function onTheirOwn(dir: string) {
    return { cwd: dir, env: { PATH: `${bin}:/usr/bin:/bin`, HOME: dir } };
  }

  /** What the volunteer pastes into a terminal. */
  function runCommand(command: string, dir: string): ChildProcessByStdio<null, Readable, null> {
    return spawn('/bin/sh', ['-e', '-c', command], {
      ...onTheirOwn(dir),
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
  }

  async function endCommand(shell: ChildProcess): Promise<void> {
    const gone = once(shell, 'exit');
    process.kill(-(shell.pid ?? 0), 'SIGTERM');
    await gone;
  }

  it('leads from an empty folder to the first green build, with what the page shows alone', async () => {
    const page = await browser.newPage();
    await fillIn(page, 'vera-1');
    assert.deepEqual(await readdir(home), []);
    const command = await page.locator('#command').textContent();
    const progress = page.locator('#progress');
    await progress.getByText('No machine has asked').waitFor();

    const shell = runCommand(command ?? '', home);
    try {
      const lines = createInterface({ input: shell.stdout });
      let said = '';
      lines.on('line', (line) => (said += `${line}\n`));
      await progress.getByText('It waits for an admin').waitFor();
      const fingerprint = (await progress.locator('code').textContent()) ?? '';
      assert.match(said, new RegExp(fingerprint.replaceAll(/[+/]/g, '.')));

      await farm.post('/api/v1/workers/vera-1/accept', { fingerprint, reason: 'it is Vera' });
      await progress.locator('li.done', { hasText: 'first build' }).waitFor();

      const build = progress.getByRole('link', { name: appBuilder.split('/')[0] ?? '' }).last();
      await build.click();
      await page.getByText('success').first().waitFor();
      assert.match(await page.locator('#head').innerText(), /vera-1/);
    } finally {
      await endCommand(shell);
    }
    await page.close();
  });

  it('leads who was invited past the waiting, and its owner to the controls', async () => {
    const admin = await browser.newPage();
    await admin.goto(`${farm.url}/sign-in?to=/invitations`);
    await admin.getByLabel('Admin token').fill(token);
    await admin.getByRole('button', { name: 'Sign in' }).click();
    await admin.getByLabel('Worker').fill('nora-1');
    await admin.getByLabel('Reason').fill('Nora asked');
    await admin.getByRole('button', { name: 'Invite' }).click();
    const address = (await admin.locator('#invitation').textContent()) ?? '';

    const page = await (await browser.newContext()).newPage();
    await page.goto(address.trim());
    const command = (await page.locator('#command').textContent()) ?? '';
    const dir = await mkdtemp(join(tmpdir(), 'weir-volunteer-'));
    const shell = runCommand(command, dir);
    try {
      shell.stdout.resume();
      await page.locator('#progress li.done', { hasText: 'online' }).waitFor();
      const words = ['weir-worker.mjs', 'status', '--json'];
      const { stdout } = await promisify(execFile)(join(bin, 'node'), words, onTheirOwn(dir));
      const { ownerLink } = JSON.parse(stdout) as { ownerLink: string };

      await page.goto(ownerLink);
      await page.getByRole('button', { name: 'Go on as its owner' }).click();
      const pause = page.getByRole('button', { name: 'Pause', exact: true });
      await page.locator('form', { has: pause }).getByLabel('Reason').fill('moving house');
      await pause.click();

      await page.getByText('Paused by its owner').waitFor();
      await page.getByRole('button', { name: 'Take builds again' }).waitFor();
    } finally {
      await endCommand(shell);
      await rm(dir, { recursive: true, force: true });
    }
    await Promise.all([page.context().close(), admin.close()]);
  });

  it('says what will be run, with commands and network, before anything is joined', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/register`);
    const runs = page.locator('.runs');
    assert.equal(await runs.count(), 2);
    const table = runs.last().getByRole('table');
    assert.match(await table.innerText(), /test\s+no\s+20 min 0 s\s+lang \.\/app\.txt/);
    await page.close();
  });

  it('says beside the field what is wrong, and makes no command of it', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/register?name=a%20b&owner=nobody&slots=0`);
    for (const hint of ['#name-hint.wrong', '#owner-hint.wrong', '#slots-hint.wrong']) {
      assert.equal(await page.locator(hint).count(), 1, hint);
    }
    assert.equal(await page.locator('#command').count(), 0);
    await page.close();
  });
});
