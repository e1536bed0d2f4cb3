import assert from 'node:assert/strict';
import { results } from '@weir/protocol';
import axe from 'axe-core';
import type { AxeResults, RunOptions } from 'axe-core';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { runtimeBuilder, startSmallFarm } from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';
import { everyPage, fillFarm, signedIn, visit } from './every-page.ts';

/** All pages through axe-core take half a minute, and longer where others use the processor as well. */
const patienceMs = 180_000;

describe('how the pages look', function () {
  this.timeout(patienceMs);
  let farm: SmallFarm;
  let browser: Browser;

  before(async function () {
    needs(this, 'chromium');
    farm = await startSmallFarm({
      warnings: ['The farm file is broken: the last good one is in force.'],
    });
    await fillFarm(farm);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
  });

  it('keeps nobody out, in the light and in the dark: axe-core finds no violation', async () => {
    const page = await signedIn(browser, farm, { colorScheme: 'light', width: 1_440 });
    const found: string[] = [];
    for (const path of everyPage) {
      await visitWithAxe(page, path);
      found.push(...(await violations(page, path, {})));
      // Colours are all that is another.
      await page.emulateMedia({ colorScheme: 'dark' });
      found.push(...(await violations(page, `${path} in the dark`, { runOnly: 'color-contrast' })));
      await page.emulateMedia({ colorScheme: 'light' });
    }
    assert.deepEqual(found, []);
    await page.close();
  });

  it('keeps nobody out on a phone, nor who has not signed in', async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    const found: string[] = [];
    for (const path of everyPage) {
      await visitWithAxe(page, path);
      found.push(...(await violations(page, path, {})));
    }
    assert.deepEqual(found, []);
    await page.close();
  });

  async function visitWithAxe(page: Page, path: string): Promise<void> {
    await visit(page, farm, path);
    // Evaluated, since the pages' policy forbids scripts that are added to them.
    await page.evaluate(axe.source);
  }

  it('fits 320, 360 and 800 pixels without scrolling the page sideways', async () => {
    const page = await signedIn(browser, farm, { colorScheme: 'light', width: 320 });
    for (const path of everyPage) {
      await page.setViewportSize({ width: 320, height: 740 });
      await visit(page, farm, path);
      for (const width of [320, 360, 800]) {
        await page.setViewportSize({ width, height: 740 });
        const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(excess) <= 0, `${path} at ${width} is ${String(excess)} px too wide`);
      }
    }
    await page.close();
  });

  it('gives each result a glyph and a word of its own, besides its colour', async () => {
    const page = await signedIn(browser, farm, { colorScheme: 'light', width: 1_440 });
    await page.goto(`${farm.url}/builders/${runtimeBuilder}`);

    const badges = await page.locator('td .badge').allTextContents();

    const words = new Set(badges.map((badge) => badge.trim()));
    // A failure after a failure has a word of its own.
    assert.equal(words.size, results.length + 1, [...words].join(', '));
    for (const word of words) assert.match(word, /^\S+ \S/);
    await page.close();
  });
});

/** What axe-core finds wrong with a page, with the elements. */
async function violations(page: Page, where: string, options: RunOptions): Promise<string[]> {
  const all = JSON.stringify({ resultTypes: ['violations'], ...options });
  const found = await page.evaluate<AxeResults>(`axe.run(document, ${all})`);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${where}: ${id}: ${help}: ${html}: ${failureSummary}`),
  );
}
