import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import {
  addBuild,
  addRequest,
  addWorker,
  endBuild,
  startSmallFarm,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

const text = `
farm: Test farm
artifacts: same-worker
platforms: {linux: [linux, x64], musl: [linux, musl]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}, v5.1: {}, v5.2: {}, v5.3: {}, v5.4: {}}
    steps: [{build: make}]
projects:
  json:
    trunks: [lua/master, lua/v5.1, lua/v5.2, lua/v5.3, lua/v5.4]
    steps: [{test: lua test.lua}]
`;

describe('the matrix, in a browser', () => {
  let farm: SmallFarm;
  let browser: Browser;
  let worker: number;

  before(async function () {
    needs(this, 'chromium');
    farm = await startSmallFarm({}, text);
    worker = await addWorker(farm, 'w1', { slots: 9, labels: ['linux', 'x64', 'musl'] });
    await built('lua/master/json/linux', 'success');
    await built('lua/master/json/musl', 'success');
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
  });

  async function built(builder: string, result: 'success' | 'failure'): Promise<void> {
    const made = await addBuild(farm, await addRequest(farm, builder, { upstream: 1 }), worker);
    await endBuild(farm, made.build, result);
  }

  /** The name of the builder whose mark has the focus. */
  async function focused(page: Page): Promise<string> {
    const title = await page.evaluate<string>('document.activeElement.title');
    return title.split(':')[0] ?? '';
  }

  it('is walked with the keys, within a cell and from cell to cell, and into what it leads to', async () => {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.goto(farm.url);
    await page.keyboard.press('m');
    await page.waitForURL(/\/matrix$/);
    await page.keyboard.press('j');
    assert.equal(await focused(page), 'lua/master/linux');
    const walked: string[] = [];
    for (const key of ['j', 'j', 'ArrowDown', 'k', 'ArrowRight']) {
      await page.keyboard.press(key);
      walked.push(await focused(page));
    }
    assert.deepEqual(walked, [
      'lua/master/musl',
      'lua/master/json/linux',
      'lua/master/json/musl',
      'lua/master/json/linux',
      'lua/v5.1/json/linux',
    ]);
    await page.keyboard.press('h');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/builds\/1$/);
    await page.close();
  });

  it('filters by the form, and opens it by a key', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/matrix`);
    await page.keyboard.press('/');
    await page.getByLabel('Trunk').selectOption('lua/v5.1');
    await page.getByLabel('Project').fill('jso');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/trunk=lua%2Fv5\.1.*project=jso/);
    assert.deepEqual(await page.locator('#matrix .trunk a').allTextContents(), ['v5.1']);
    await page.close();
  });

  it('is a table that names the row and the column of each cell', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/matrix`);
    const table = page.getByRole('table', { name: '1 project with 5 trunks' });
    await table.getByRole('columnheader', { name: 'v5.4' }).waitFor();
    const row = table.getByRole('row', { name: 'json' });
    await row.getByRole('rowheader', { name: 'json' }).waitFor();
    await row.getByRole('link', { name: /^linux: green/ }).waitFor();
    await row.getByRole('link', { name: /^musl: green/ }).waitFor();
    await page.close();
  });

  it('keeps the project in sight on a phone, when the trunks are scrolled', async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    await page.goto(`${farm.url}/matrix`);
    const head = page.locator('#matrix tbody:last-child th');
    const before = await head.boundingBox();

    await page.locator('.grid-scroll').evaluate((region) => region.scrollBy(300, 0));

    const box = await head.boundingBox();
    assert.ok(Number(box?.x) >= 0 && Number(box?.x) <= Number(before?.x), JSON.stringify(box));
    assert.ok(Number(box?.width) < 130, JSON.stringify(box));
    await page.close();
  });

  it('shows a verdict that changes without a reload, puts it first, and says so', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/matrix?trunk=lua%2Fmaster`);
    await page.evaluate(() => Object.assign(globalThis, { stayed: true }));
    const chips = page.locator('#matrix tbody:last-child td:first-of-type .chip');
    assert.match((await chips.first().textContent()) ?? '', /L\s*linux:\s*green/);

    await built('lua/master/json/musl', 'failure');

    await page.locator('#matrix .chip.v-red').waitFor();
    assert.match((await chips.first().textContent()) ?? '', /M\s*musl:\s*red/);
    await page
      .getByRole('status')
      .filter({ hasText: 'lua/master/json/musl: red' })
      .waitFor({ state: 'attached' });
    assert.match(await page.locator('#matrix caption').innerText(), /1 builder is red/);
    assert.equal(await page.evaluate(() => 'stayed' in globalThis), true, 'no reload');
    await page.close();
  });
});
