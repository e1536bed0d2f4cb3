import assert from 'node:assert/strict';
import type { ApiBuildSummary } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

describe('the console', () => {
  let farm: SmallFarm;
  let browser: Browser;

  before(async function () {
    needs(this, 'chromium');
    farm = await startSmallFarm();
    const worker = await addWorker(farm, 'w1', { slots: 9 });
    const build = async (
      builder: string,
      revisions: { upstream: number; project?: number },
      result: 'success' | 'failure',
    ): Promise<void> => {
      const made = await addBuild(farm, await addRequest(farm, builder, revisions), worker);
      await endBuild(farm, made.build, result);
    };
    await addChange(farm, 'json', { subject: 'Parse numbers' });
    await addChange(farm, 'lua/master', { subject: 'One' });
    await build(runtimeBuilder, { upstream: 1 }, 'success');
    await build(projectBuilder, { upstream: 1, project: 1 }, 'success');
    await addChange(farm, 'lua/master', { subject: 'Two' });
    await addChange(farm, 'lua/master', { subject: 'Three' });
    await build(runtimeBuilder, { upstream: 3 }, 'success');
    await build(projectBuilder, { upstream: 3, project: 1 }, 'failure');
    await addChange(farm, 'lua/master', { subject: 'Four' });
    await build(projectBuilder, { upstream: 4, project: 1 }, 'failure');
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
  });

  /** Each change with the words of its boxes in the two builders' columns. */
  async function rows(query = ''): Promise<string[]> {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/console${query}`);
    const found: string[] = [];
    for (const row of await page.locator('#console tbody tr:not(.news)').all()) {
      const subject = await row.locator('.subject').textContent();
      const boxes = await row.locator('.tell').all();
      const labels = await Promise.all(
        boxes.map(async (box) => (await box.getAttribute('title')) ?? ''),
      );
      const its = labels.map((label) => /build (\d+: .+)/.exec(label)?.[1] ?? 'none');
      found.push([subject, ...its.slice(0, 4)].join(' | '));
    }
    await page.close();
    return found;
  }

  it('shows for each change the build that tells of it, newest change first', async () => {
    const shown = await rows();
    const told = (subject: string): string => shown.find((row) => row.startsWith(subject)) ?? '';
    assert.match(told('Four'), /3: failed again/);
    assert.match(told('Three'), /2: success.*2: failure/);
    assert.match(told('Two'), /2: success.*2: failure/);
    assert.match(told('One'), /1: success.*1: success/);
    assert.match(told('Parse numbers'), /1: success/);
  });

  it('names what newly failed below its change, once', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/console`);
    const news = page.locator('#console .news');
    assert.equal(await news.count(), 1);
    assert.match(await news.innerText(), new RegExp(`Newly failed: ${projectBuilder} #2`));
    await page.close();
  });

  it('merges the boxes of one build, and hides messages, by the address', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/console`);
    await page.getByRole('link', { name: 'Merge boxes' }).click();
    await page.getByRole('link', { name: 'Hide messages' }).click();
    assert.match(page.url(), /merged=1&collapsed=1$/);
    const spans = await page.locator('#console td[rowspan="2"]').count();
    // Three and Two on both builders; One and the project's change on the project's.
    assert.equal(spans, 3);
    assert.equal(await page.locator('.subject').count(), 0);
    await page.close();
  });

  it('is walked with the keys, from box to box and into a build', async () => {
    const page = await browser.newPage();
    await page.goto(`${farm.url}/console`);
    await page.keyboard.press('j');
    const first = await page.evaluate('document.activeElement.title');
    await page.keyboard.press('ArrowDown');
    const second = await page.evaluate('document.activeElement.title');
    assert.notEqual(first, second);
    await page.keyboard.press('k');
    assert.equal(await page.evaluate('document.activeElement.title'), first);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator(':focus').press('Enter');
    await page.waitForURL(/\/builds\/\d+$/);
    await page.close();
  });

  it('shows what confirms a new failure as that failure, not as failed again', async () => {
    const found = await fetch(`${farm.url}/api/v1/builds?builder=${projectBuilder}`);
    const { items } = (await found.json()) as { items: ApiBuildSummary[] };
    assert.equal(items[0]?.failedAgain, true);
    await farm.store.unit(async (db) => {
      const again = { again_of: items[1]?.id ?? null };
      await db
        .updateTable('request')
        .set(again)
        .where('id', '=', items[0]?.request ?? 0)
        .execute();
    });

    const shown = await rows();

    assert.match(shown.find((row) => row.startsWith('Four')) ?? '', /3: failure/);
  });
});
