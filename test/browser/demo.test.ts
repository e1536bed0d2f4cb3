import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { ApiEvent } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { EventWatch } from '../support/event-watch.ts';
import { MailServer } from '../support/mail-server.ts';
import { needs } from '../support/needs.ts';
import { weir } from '../support/weir-program.ts';

/** `weir start`, whose commits land when a line is written to it. */
class Demo implements AsyncDisposable {
  readonly url: string;
  readonly events: EventWatch;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#process = child;
    this.url = url;
    this.events = new EventWatch(url);
  }

  static async start(mails: MailServer): Promise<Demo> {
    const args = [weir, 'start', '--port', '0', '--worker-port', '0', '--pause', '86400'];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, WEIR_SMTP_URL: mails.url },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (url === undefined) continue;
      // What it says from now on is nobody's.
      child.stdout.resume();
      return new Demo(child, url);
    }
    throw new Error('the demo ended before it was up');
  }

  /** Lands the next commit; resolves when the farm has seen it. */
  async land(subject: string): Promise<ApiEvent> {
    const seen = this.events.until('change.seen', { data: { subject } });
    this.#process.stdin?.write('\n');
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.events.close();
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exited;
  }
}

describe('the demo', () => {
  let mails: MailServer;
  let demo: Demo;
  let browser: Browser;
  let page: Page;

  before(async function () {
    needs(this, 'chromium', 'bwrap');
    this.timeout(120_000);
    mails = await MailServer.start();
    demo = await Demo.start(mails);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.goto(`${demo.url}/`);
    for (const builder of ['roman', 'mosaic', 'dice', 'sundial']) await green(builder, 0);
  });
  after(async () => {
    await browser?.close();
    await demo?.[Symbol.asyncDispose]();
    await mails?.[Symbol.asyncDispose]();
  });

  /** Resolves when a project is green on both platforms after an event. */
  async function green(project: string, since: number): Promise<void> {
    for (const platform of ['full', 'small']) {
      const data = { builder: `pebble/main/${project}/${platform}`, result: 'success' };
      await demo.events.until('build.finished', { after: since, data });
    }
  }

  /** The mails about a breakage: to whom, and whether it is the first or says that it is fixed. */
  function about(title: string, since: number): string[] {
    return mails.mails
      .slice(since)
      .filter((mail) => mail.header('subject').includes(title))
      .map((mail) => {
        const isFixed = mail.header('subject').startsWith('Re:');
        return `${mail.to.split('@')[0]} ${isFixed ? 'fixed' : 'broke'}`;
      })
      .toSorted();
  }

  interface Broken {
    readonly breaks: string;
    readonly fixes: readonly string[];
    /** As its page and the mails name it. */
    readonly title: string;
    readonly told: readonly string[];
  }

  /** Plays a story: what breaks is on the page and in one mail to each; so is that it is mended. */
  async function breaks({ breaks: subject, fixes, title, told }: Broken): Promise<void> {
    const since = mails.mails.length;
    const seen = await demo.land(subject);
    const opened = await demo.events.until('breakage.opened', { after: seen.number });
    const broken = page.locator('#broken');
    await broken.getByRole('link', { name: title }).waitFor();
    const to = (what: string): string[] => told.map((who) => `${who} ${what}`);
    await mails.until(() => about(title, since).length === told.length);
    assert.deepEqual(about(title, since), to('broke').toSorted());
    let last = seen;
    for (const fix of fixes) last = await demo.land(fix);
    const { subject: breakage } = opened;
    await demo.events.until('breakage.closed', { after: last.number, subject: breakage });
    await broken.getByRole('link', { name: title }).waitFor({ state: 'detached' });
    await mails.until(() => about(title, since).length === 2 * told.length);
    assert.deepEqual(about(title, since), [...to('broke'), ...to('fixed')].toSorted());
  }

  it('introduces itself, and is green before anything breaks', async () => {
    await page.locator('#introduction').getByText('Pebble is a small language').waitFor();
    await page.locator('#boxes .box.success').nth(9).waitFor();

    await demo.land('Test that a loop may not run at all');
    await demo.land('Test the year of the first Olympic Games');
    const last = await demo.land('Test the odds of snake eyes');

    await green('dice', last.number);
    await page.locator('#introduction').getByText('▶ An ordinary day').waitFor();
    await mails.until(({ length }) => length >= 2);
    // Its workers' owners hear that they were accepted; of breakages there are none.
    const subjects = mails.mails.map((mail) => mail.header('subject'));
    assert.deepEqual(subjects.toSorted(), [
      '[weir] brook was accepted',
      '[weir] rill was accepted',
    ]);
  });

  it('tells of a typo', () =>
    breaks({
      breaks: 'Say better where the shadow points',
      fixes: ['It is hour, not huor'],
      title: 'sundial (test)',
      told: ['ines'],
    }));

  it('tells of a new keyword', () =>
    breaks({
      breaks: 'Add repeat N { ... }',
      fixes: ['Call it tile: repeat is a keyword now'],
      title: 'mosaic (test)',
      told: ['ada', 'jun', 'tomasz'],
    }));

  it('tells of an install step', () =>
    breaks({
      breaks: 'Install only the files that a package names',
      fixes: ['Name odds.peb in the package'],
      title: 'dice (install)',
      told: ['ada', 'jun', 'kofi'],
    }));

  it('tells nobody of a flaky test', async () => {
    const before = mails.mails.length;

    const seen = await demo.land('Say what a seed is good for');

    const failed = { result: 'failure' };
    const flake = await demo.events.until('build.finished', { after: seen.number, data: failed });
    await green('dice', seen.number);
    const { builder } = flake.data as { builder: string };
    const again = { builder, result: 'success' };
    await demo.events.until('build.finished', { after: flake.number, data: again });
    await page.locator('#boxes .box.success').nth(9).waitFor();
    assert.equal(await page.locator('#broken .breakage').count(), 0);
    assert.equal(mails.mails.length, before);
  });

  it('tells of suites that skip all of their tests', async () => {
    const before = mails.mails.length;
    await breaks({
      breaks: 'Skip tests whose module is not installed',
      fixes: ['Run all tests again'],
      title: 'dice (test), mosaic (test), roman (test), sundial (test)',
      told: ['ada', 'ines', 'jun', 'kofi', 'priya', 'tomasz'],
    });
    const [mail] = mails.mails.slice(before);
    assert.match(mail?.text ?? '', /all \d+ tests? (was|were) skipped/);
  });

  it('tells of what one platform alone shows', () =>
    breaks({
      breaks: 'Reverse by recursion',
      fixes: ['Reverse with a loop again'],
      title: 'mosaic (test on small)',
      told: ['tomasz'],
    }));

  it('tells of a project that is broken through another one', () =>
    breaks({
      breaks: 'Let no assignment make a name',
      fixes: ['Make letters with let, and release 1.1', 'Use roman 1.1'],
      title: 'roman (test), sundial (needs)',
      told: ['ada', 'ines', 'jun', 'priya'],
    }));

  it('has sent each mail once, and says that it is over', async () => {
    await page.locator('#introduction').getByText('All stories are told').waitFor();

    const ids = mails.mails.map((mail) => `${mail.header('message-id')} ${mail.to}`);
    assert.equal(new Set(ids).size, ids.length);
  });
});
