import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { Result } from '@weir/protocol';
import { results } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { fillOutbox } from '../../packages/master/test/web/outbox-rows.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  adminToken,
  endBuild,
  endLog,
  print,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

const faintTexts = readFileSync(new URL('faint-texts.js', import.meta.url), 'utf8');

const paths = [
  '/',
  '/?result=failure',
  '/?upstream=nothing',
  `/builders/${runtimeBuilder}`,
  `/builders/${projectBuilder}`,
  '/builds/1',
  '/builds/3',
  '/logs/1',
  '/requests/1',
  '/changes/1',
  '/outbox',
  '/outbox/2',
  '/subscribe',
  '/workers',
  '/workers/w1',
  '/workers/w2',
  '/nothing',
];

describe('how the pages look', () => {
  let farm: SmallFarm;
  let browser: Browser;

  before(async function () {
    needs(this, 'chromium');
    farm = await startSmallFarm({
      warnings: ['The farm file is broken: the last good one is in force.'],
    });
    await fill(farm);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
  });

  async function signedIn(look: { colorScheme: 'light' | 'dark'; width: number }): Promise<Page> {
    const { colorScheme, width } = look;
    const page = await browser.newPage({ viewport: { width, height: 740 }, colorScheme });
    await page.goto(`${farm.url}/sign-in`);
    await page.getByLabel('Admin token').fill(adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Sign out').waitFor();
    return page;
  }

  async function visit(page: Page, path: string): Promise<void> {
    await page.goto(farm.url + path);
    for (const details of await page.locator('details').all()) {
      await details.evaluate((each) => each.setAttribute('open', ''));
    }
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`can be read when it is ${colorScheme}: all text stands out from its ground`, async () => {
      const page = await signedIn({ colorScheme, width: 1_440 });
      for (const path of paths) {
        await visit(page, path);
        assert.deepEqual(await page.evaluate(faintTexts), [], path);
      }
      await page.close();
    });
  }

  for (const width of [320, 360, 800]) {
    it(`fits ${width} pixels without scrolling the page sideways`, async () => {
      const page = await signedIn({ colorScheme: 'light', width });
      for (const path of paths) {
        await visit(page, path);
        const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(excess) <= 0, `${path} is ${String(excess)} px too wide`);
      }
      await page.close();
    });
  }

  it('gives each result a glyph and a word of its own, besides its colour', async () => {
    const page = await signedIn({ colorScheme: 'light', width: 1_440 });
    await page.goto(`${farm.url}/builders/${runtimeBuilder}`);

    const badges = await page.locator('td .badge').allTextContents();

    const words = new Set(badges.map((badge) => badge.trim()));
    // A failure after a failure has a word of its own.
    assert.equal(words.size, results.length + 1, [...words].join(', '));
    for (const word of words) assert.match(word, /^\S+ \S/);
    await page.close();
  });
});

/** A farm with everything in it that a page can show. */
async function fill(farm: SmallFarm): Promise<void> {
  const long = 'A-word-without-an-end'.repeat(20);
  await addChange(farm, 'lua/master', { subject: long, author: long, files: [long] });
  await addChange(farm, 'json', { subject: 'Parse numbers' });
  const worker = await addWorker(farm, 'w1', { slots: 9 });
  await addWorker(farm, 'w2', { pending: true });
  for (const result of results) await built(farm, worker, result, long);
  await built(farm, worker, 'failure', long);
  await built(farm, worker, 'failure', long);
  const request = await addRequest(farm, projectBuilder, { upstream: 1, project: 1 });
  await addBuild(farm, request, worker);
  await addRequest(farm, projectBuilder, { upstream: 1, project: 1 });
  await fillOutbox(farm, long);
}

async function built(farm: SmallFarm, worker: number, result: Result, long: string): Promise<void> {
  const request = await addRequest(farm, runtimeBuilder, { upstream: 1 });
  const { build, logs } = await addBuild(farm, request, worker, ['configure', 'make']);
  const colours = Array.from({ length: 16 }, (_, index) => {
    const code = index < 8 ? 30 + index : 82 + index;
    return `\u001b[${code}mcolour ${code}\u001b[0m \u001b[${code + 10}mground\u001b[0m \u001b[2;${code}mdim\u001b[0m\n`;
  });
  const text = Buffer.from(`${colours.join('')}${long}\n`);
  for (const log of logs) {
    await print(farm, log, 0, text);
    await endLog(farm, log, text);
  }
  await endBuild(farm, build, result);
}
