import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { FarmProcess, token } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

/** A step that goes on, line by line, until its workspace has the file `go`. */
const slowly = [
  '- test: |',
  '    lang ./app.txt',
  '    printf "\\\\033[31mred words\\\\033[0m <b>no markup</b>\\\\n"',
  '    n=0',
  '    while [ ! -e go ]; do n=$((n+1)); echo "line $n"; sleep 0.2; done',
];

describe('the pages in a browser', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  before(async function () {
    needs(this, 'bwrap', 'chromium');
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps: slowly }),
      remotes: repositories.remotes,
    });
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it('show a commit, its build, the live log and the verdict without a reload', async () => {
    await farm.addWorker({ name: 'w1', sandbox: 'bubblewrap' });
    await farm.addWorker({ name: 'w2', sandbox: 'bubblewrap' });
    await page.goto(farm.url);
    await page.evaluate(() => Object.assign(globalThis, { stayed: true }));

    await repositories.app.commit({
      message: 'A change that <script>alert(1)</script> everybody waits for',
      author: 'Cy <cy@example.test>',
      files: { 'app.txt': 'echo "the new program works"\n' },
    });

    await page.getByText('everybody waits for').first().waitFor();
    const running = page.locator(`td.cell.running a.build[aria-label^="${appBuilder} "]`).first();
    await running.waitFor();
    assert.equal(await page.evaluate(() => 'stayed' in globalThis), true, 'no reload');
    await page.goto(new URL((await running.getAttribute('href')) ?? '', farm.url).href);
    await page.getByRole('link', { name: 'log', exact: true }).first().click();
    await page.getByText('line 3', { exact: true }).waitFor();
    await page.locator('.fg-1', { hasText: 'red words' }).waitFor();
    await page.getByText('<b>no markup</b>').waitFor();
    const seen = await page.locator('.line').count();
    await page
      .locator('.line')
      .nth(seen + 3)
      .waitFor();

    await page.goto(farm.url);
    for (const { dataDir } of farm.workers) {
      await writeFile(join(dataDir, 'slots', '0', 'work', 'src', 'go'), '');
    }

    const head = page.locator('th.column', { hasText: 'app' });
    await head.locator('.v-green').waitFor();
    assert.deepEqual(faults, []);
  });

  it('fit a phone, in the light and in the dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme });
      for (const path of ['/', `/builders/${appBuilder}`, '/builds/1', '/logs/1', '/workers/w1']) {
        await phone.goto(new URL(path, farm.url).href);
        const excess = await phone.evaluate<number>(
          'document.documentElement.scrollWidth - innerWidth',
        );
        assert.equal(excess <= 0, true, `${path} is ${excess} px too wide`);
      }
      await phone.close();
    }
  });

  it('show all that they show without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();

    await plain.goto(farm.url);
    await plain.locator('td.cell.success a.build').first().click();
    await plain.getByRole('link', { name: 'log', exact: true }).first().click();

    await plain.locator('.line').first().waitFor();
    await context.close();
  });

  it('take commands with a reason from who has signed in', async () => {
    await page.goto(new URL(`/sign-in?to=/builders/${appBuilder}`, farm.url).href);
    await page.getByLabel('Admin token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Commands').click();
    const pause = page.locator('form', { has: page.getByRole('button', { name: 'Pause' }) });
    await pause.getByLabel('Reason').fill('to try the button');

    await pause.getByRole('button').click();

    await page.getByText('Paused by admin').waitFor();
    await page.getByText('to try the button').waitFor();
  });

  it('lead with the keyboard to every build', async () => {
    await page.goto(farm.url);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content');

    const reached = new Set<string>();
    for (let presses = 0; presses < 200; presses++) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate<string>('document.activeElement.id'));
    }

    const builds = await page.locator('a.build').evaluateAll((links) => links.map(({ id }) => id));
    assert.deepEqual(
      builds.filter((id) => !reached.has(id)),
      [],
    );
  });
});
