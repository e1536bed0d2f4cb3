import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  endLog,
  print,
  runtimeBuilder,
  startSmallFarm,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';

const esc = '\u001b';

describe('a log in a browser', () => {
  let farm: SmallFarm;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];
  let worker: number;

  before(async function () {
    needs(this, 'chromium');
    farm = await startSmallFarm();
    await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1', { slots: 9 });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 800, height: 500 } });
    page.on('pageerror', (error) => faults.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await farm?.[Symbol.asyncDispose]();
  });

  /** A running build whose step prints what it is told to. */
  async function step(): Promise<{
    path: string;
    print: (text: string | Buffer) => Promise<void>;
    end: () => Promise<void>;
  }> {
    const request = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    const { build, logs } = await addBuild(farm, request, worker);
    const [log] = logs;
    assert.ok(log);
    let printed = Buffer.alloc(0);
    return {
      path: `${farm.url}/logs/${log.id}`,
      async print(text) {
        const bytes = Buffer.from(text);
        await print(farm, log, printed.length, bytes);
        printed = Buffer.concat([printed, bytes]);
      },
      async end() {
        await endLog(farm, log, printed);
        await endBuild(farm, build);
        farm.web.grew(new Map([[log.id, printed.length]]));
      },
    };
  }

  function numbers(): Promise<string[]> {
    return page.locator('.number').allTextContents();
  }

  it('goes on as the step prints, with half a line and half a letter', async () => {
    const running = await step();
    await running.print('first\nsec');
    await page.goto(running.path);
    await page.getByText('first', { exact: true }).waitFor();
    const euro = Buffer.from('€');

    await running.print(Buffer.concat([Buffer.from('ond '), euro.subarray(0, 1)]));
    await running.print(Buffer.concat([euro.subarray(1), Buffer.from('\nthird\n')]));

    await page.getByText('third', { exact: true }).waitFor();
    assert.deepEqual(await page.locator('.line .text').allTextContents(), [
      'first',
      'second €',
      'third',
    ]);
    assert.deepEqual(await numbers(), ['1', '2', '3']);

    await running.end();
    await page.locator('#log-state', { hasText: 'finished' }).waitFor();
  });

  it('shows live what it shows later: colours, no markup, no escapes', async () => {
    const running = await step();
    await page.goto(running.path);
    await running.print(`${esc}[1;31mred${esc}[0m <img src=x onerror="document.title='no'">\n`);
    await running.print(`10 %\r100 %\n${esc}]0;title\u0007${esc}[2Kplain\n\xff\n`);
    await page.getByText('plain', { exact: true }).waitFor();
    const live = await page
      .locator('.line .text')
      .evaluateAll((lines) =>
        lines.map(({ innerHTML }) => innerHTML.replaceAll(/<span>([^<]*)<\/span>/g, '$1')),
      );
    await running.end();

    await page.reload();

    const later = await page
      .locator('.line .text')
      .evaluateAll((lines) => lines.map(({ innerHTML }) => innerHTML));
    assert.deepEqual(live, later);
    assert.equal(
      later[0],
      '<span class="bold fg-1">red</span> &lt;img src=x onerror="document.title=\'no\'"&gt;',
    );
    assert.deepEqual(later.slice(1, 3), ['100 %', 'plain']);
    assert.doesNotMatch(await page.title(), /no$/);
  });

  it('follows its end only for who wants that', async () => {
    const running = await step();
    const block = (from: number): string =>
      Array.from({ length: 100 }, (_, index) => `line ${from + index}\n`).join('');
    await page.goto(running.path);
    await running.print(block(1));
    const last = page.getByText('line 100', { exact: true });
    await last.waitFor();
    await page.waitForFunction('scrollY > 0');

    await page.getByLabel('follow').uncheck();
    await page.evaluate('scrollTo(0, 0)');
    await running.print(block(101));

    await page.getByText('line 200', { exact: true }).waitFor();
    assert.equal(await page.evaluate('scrollY'), 0);
    await running.end();
  });

  it('has a link for each line that leads back to it, however long the log is', async () => {
    const running = await step();
    const text = Array.from({ length: 5_000 }, (_, index) => `line ${index + 1}\n`).join('');
    await running.print(text);
    await running.end();
    await page.goto(running.path);
    await page.getByRole('link', { name: 'Earlier lines' }).click();
    const link = page.getByRole('link', { name: 'line 1500', exact: true });
    const address = await link.evaluate((each) => (each as { href?: string }).href ?? '');

    await page.goto('about:blank');
    await page.goto(address);

    assert.equal(await page.locator('.line:target .text').textContent(), 'line 1500');
    assert.ok((await page.locator('.line').count()) <= 2_000);
  });

  it('folds a line of megabytes, and says so', async () => {
    const running = await step();
    await running.print(`${'x'.repeat(3_000_000)}\nafter\n`);
    await running.end();

    await page.goto(running.path);

    await page.getByText('after', { exact: true }).waitFor();
    await page.getByText('line cut here').waitFor();
    assert.ok((await page.content()).length < 200_000);
  });

  it('throws no error', () => assert.deepEqual(faults, []));
});
