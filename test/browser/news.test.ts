import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  runtimeBuilder,
  startSmallFarm,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

describe('who listens to a page', () => {
  let farm: SmallFarm;
  let browser: Browser;
  let page: Page;
  let worker: number;

  before(async function () {
    needs(this, 'chromium');
    farm = await startSmallFarm();
    await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1');
    browser = await launchBrowser();
    page = await browser.newPage();
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
  });

  async function begun() {
    return addBuild(farm, await addRequest(farm, runtimeBuilder, { upstream: 1 }), worker);
  }

  it('hears how a builder is, once it is otherwise', async () => {
    const { build } = await begun();
    await page.goto(farm.url);
    const news = page.getByRole('status').filter({ hasText: runtimeBuilder });

    await endBuild(farm, build, 'failure');

    await news.filter({ hasText: `${runtimeBuilder}: failure` }).waitFor({ state: 'attached' });
    assert.doesNotMatch((await news.textContent()) ?? '', /musl/);
  });

  it('hears how the build ended whose page is open', async () => {
    const { build } = await begun();
    await page.goto(`${farm.url}/builds/${build.id}`);
    const news = page.getByRole('status').filter({ hasText: '✓ success' });

    await endBuild(farm, build);

    await news.waitFor({ state: 'attached' });
  });
});
