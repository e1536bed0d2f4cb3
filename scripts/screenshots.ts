/**
 * Takes pictures of every page of a farm that runs, wide and narrow, light and dark:
 *
 *     node scripts/screenshots.ts http://127.0.0.1:8010 FOLDER [--token ADMIN_TOKEN]
 *
 * writes FOLDER/PAGE-WIDTH-SCHEME.png, and names pages that are wider than the screen. Needs Chromium.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchBrowser } from '../test/support/browser.ts';

const { values, positionals } = parseArgs({
  options: { token: { type: 'string' } },
  allowPositionals: true,
});
const [base, folder] = positionals;
if (base === undefined || folder === undefined) {
  process.stderr.write('usage: node scripts/screenshots.ts URL FOLDER [--token ADMIN_TOKEN]\n');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const pages = await pagesOf(base);
const browser = await launchBrowser();
for (const width of [1_440, 360]) {
  for (const scheme of ['light', 'dark'] as const) {
    const context = await visitor(browser, width, scheme);
    for (const [name, path] of pages) {
      await shoot(context, base + path, join(folder, `${name}-${width}-${scheme}.png`));
    }
    await context.close();
  }
}
await browser.close();

/** Every kind of page by name, with the newest thing of its kind. */
async function pagesOf(farm: string): Promise<Map<string, string>> {
  const first = async (list: string, key: 'id' | 'name' = 'id'): Promise<string | undefined> => {
    const response = await fetch(`${farm}/api/v1/${list}`);
    const { items } = (await response.json()) as { items: { id?: number; name?: string }[] };
    return items[0]?.[key]?.toString();
  };
  const build = (await first('builds?result=failure&limit=1')) ?? (await first('builds?limit=1'));
  const found = {
    builder: await first('builders?limit=1', 'name'),
    build,
    log: build && (await logOf(farm, build)),
    request: await first('requests?limit=1'),
    change: await first('changes?limit=1'),
    breakage: await first('breakages?limit=1'),
    worker: await first('workers?limit=1', 'name'),
  };
  const pages = new Map([
    ['waterfall', '/'],
    ['console', '/console'],
    ['matrix', '/matrix'],
    ['breakages', '/breakages'],
    ['workers', '/workers'],
    ['register', '/register'],
    ['outbox', '/outbox'],
    ['subscribe', '/subscribe'],
    ['farm-file', '/farm-file'],
    ['farm-reference', '/farm-file/reference'],
    ['sign-in', '/sign-in'],
  ]);
  const version = await first('farm/versions?limit=1');
  if (version !== undefined) pages.set('farm-version', `/farm-file/versions/${version}`);
  for (const [kind, id] of Object.entries(found)) {
    if (id !== undefined) pages.set(kind, `/${kind}s/${id}`);
  }
  return pages;
}

async function logOf(farm: string, build: string): Promise<string | undefined> {
  const response = await fetch(`${farm}/api/v1/builds/${build}`);
  const { steps } = (await response.json()) as { steps: { log: { id: number } | null }[] };
  const id = steps.findLast(({ log }) => log !== null)?.log?.id;
  return id === undefined ? undefined : String(id);
}

async function visitor(
  browser: Browser,
  width: number,
  colorScheme: 'light' | 'dark',
): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  if (values.token === undefined) return context;
  const page = await context.newPage();
  await page.goto(`${base}/sign-in`);
  await page.getByLabel('Admin token').fill(values.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Sign out').waitFor();
  await page.close();
  return context;
}

async function shoot(context: BrowserContext, url: string, path: string): Promise<void> {
  const page = await context.newPage();
  const response = await page.goto(url);
  const excess = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
  await page.screenshot({ path, fullPage: true });
  await page.close();
  const status = response?.status() ?? 0;
  const troubles = [
    status === 200 ? '' : `status ${status}`,
    excess > 0 ? `${excess} px too wide` : '',
  ];
  const trouble = troubles.filter((text) => text !== '').join(', ');
  process.stdout.write(`${path}${trouble === '' ? '' : `   ${trouble}`}\n`);
}
