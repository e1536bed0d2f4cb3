import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { FarmProcess } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

describe('a page that is kept fresh', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let browser: Browser;
  let page: Page;

  before(async function () {
    needs(this, 'chromium');
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm(),
      remotes: repositories.remotes,
    });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 800, height: 400 } });
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  async function commit(message: string): Promise<void> {
    await repositories.app.commit({ message, files: { 'app.txt': `echo "${message}"\n` } });
  }

  it('keeps focus and scroll where they were', async () => {
    await page.goto(farm.url);
    await page.getByText('A program').first().waitFor();
    const link = page.locator('.column-name').last();
    await link.focus();
    await page.evaluate('scrollTo(0, 120)');
    const before = await page.evaluate<number>('scrollY');

    await commit('Something new');

    await page.getByText('Something new').first().waitFor();
    assert.equal(
      await link.evaluate((element) => element === element.ownerDocument.activeElement),
      true,
    );
    assert.equal(await page.evaluate<number>('scrollY'), before);
  });

  it('says that the farm is gone, and catches up when it is back', async () => {
    await page.goto(farm.url);
    await page.evaluate(() => Object.assign(globalThis, { stayed: true }));
    await farm.kill();
    await page.getByText('No connection to the farm').waitFor();
    await commit('Meanwhile');

    await farm.start();

    await page.getByText('Meanwhile').first().waitFor();
    await page.getByText('No connection to the farm').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => 'stayed' in globalThis), true, 'no reload');
  });

  it('tells why what waits does so', async () => {
    await page.goto(new URL(`/builders/${appBuilder}`, farm.url).href);

    await page
      .locator('#queue', { hasText: 'waits for its runtime' })
      .or(page.locator('#queue', { hasText: 'no worker with label' }))
      .waitFor();
  });
});
