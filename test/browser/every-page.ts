import { Buffer } from 'node:buffer';
import type { Result } from '@weir/protocol';
import { results } from '@weir/protocol';
import type { Browser, Page } from 'playwright-core';
import { loseBuild } from '../../packages/master/src/builds/lose-build.ts';
import { dropArtifacts, insertArtifact } from '../../packages/master/src/store/artifacts.ts';
import { insertMember, setLeader } from '../../packages/master/src/store/members.ts';
import { setQuarantine } from '../../packages/master/src/store/quarantine.ts';
import { fillOutbox } from '../../packages/master/test/web/outbox-rows.ts';
import {
  addBreakage,
  addBuild,
  addChange,
  addRequest,
  addVersion,
  addWorker,
  adminToken,
  endBuild,
  endLog,
  farmText,
  print,
  projectBuilder,
  runtimeBuilder,
  start,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { addTests } from '../../packages/master/test/web/test-lists.ts';
import type { GivenTests } from '../../packages/master/test/web/test-lists.ts';

/** Every page that there is, with `fillFarm`'s farm: a new page is looked at by being named here. */
export const everyPage = [
  '/',
  '/?zoom=small',
  '/?result=failure',
  '/?upstream=nothing',
  '/console',
  '/console?merged=1&collapsed=1',
  '/matrix',
  '/matrix?red=1&sort=red',
  '/breakages',
  '/breakages/1',
  `/builders/${runtimeBuilder}`,
  `/builders/${projectBuilder}`,
  '/builds/1',
  '/builds/3',
  '/builds/12',
  '/builds/1/tests',
  '/builds/3/tests',
  '/builds/3/tests?change=any&q=e',
  '/builds/3/tests?q=nothing',
  '/builds/12/tests',
  `/tests?builder=${encodeURIComponent(runtimeBuilder)}&step=make&name=adds`,
  '/artifacts/1',
  '/artifacts/2',
  '/logs/1',
  '/requests/1',
  '/requests/12',
  '/changes/1',
  '/outbox',
  '/outbox/2',
  '/subscribe',
  '/register',
  '/register?name=w1&owner=ada%40example.org&project=json',
  '/invitations',
  '/queue',
  '/workers',
  '/workers/w1',
  '/workers/w2',
  '/workers/w3',
  '/workers/w1/owner',
  '/farm-file',
  '/farm-file/reference',
  '/farm-file/versions/1',
  '/farm-file/versions/2',
  '/farm-file/versions/2?from=0',
  '/sign-in',
  `/${'nothing'.repeat(10)}`,
] as const;

/** A page of a browser in which the admin has signed in. */
export async function signedIn(
  browser: Browser,
  farm: SmallFarm,
  look: { colorScheme: 'light' | 'dark'; width: number },
): Promise<Page> {
  const { colorScheme, width } = look;
  const page = await browser.newPage({ viewport: { width, height: 740 }, colorScheme });
  await page.goto(`${farm.url}/sign-in`);
  await page.getByLabel('Admin token').fill(adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Sign out').waitFor();
  return page;
}

/** Opens a page, and all that can be opened on it. */
export async function visit(page: Page, farm: SmallFarm, path: string): Promise<void> {
  await page.goto(farm.url + path);
  await page.locator('details').evaluateAll((all) => {
    for (const details of all) details.setAttribute('open', '');
  });
}

/** A farm with everything in it that a page can show. */
export async function fillFarm(farm: SmallFarm): Promise<void> {
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
  await addArtifacts(farm, worker);
  await addBreakage(farm, { green: 1, red: 3 });
  await fillOutbox(farm, long);
  await fillVersions(farm, long);
  await addBreakage(farm, { green: 1, red: 3 });
  await fillTaken(farm, long);
  await fillMembers(farm, long);
}

/** Request 12, which infrastructure took a try of, and worker w3, which is quarantined for it. */
async function fillTaken(farm: SmallFarm, long: string): Promise<void> {
  const worker = await addWorker(farm, 'w3');
  const request = await addRequest(farm, projectBuilder, { upstream: 1, project: 1 });
  const { build } = await addBuild(farm, request, worker);
  await farm.store.unit(async (db) => {
    const at = Date.now();
    await loseBuild(db, build, { text: long, maxAttempts: 3, isMeant: false, at });
    await setQuarantine(db, worker, { at, until: at + 3_600_000, reason: long });
  });
  await addBuild(farm, request, worker);
}

/** An engine that leads, and a web server that has not been heard of for long. */
async function fillMembers({ store }: SmallFarm, long: string): Promise<void> {
  await store.unit(async (db) => {
    const version = '0.1.0';
    const engine = { role: 'engine', name: 'engine-1', version, at: Date.now() } as const;
    await setLeader(db, await insertMember(db, engine));
    // As long as a machine's name can be.
    const name = long.slice(0, 63);
    await insertMember(db, { role: 'web', name, version, at: start });
  });
}

async function fillVersions(farm: SmallFarm, long: string): Promise<void> {
  const url = `https://git.example/${long}`;
  const commit = 'c0ffee'.repeat(6);
  const source = { kind: 'repository', url, branch: 'main', commit, author: long } as const;
  await addVersion(farm, `# ${long}\n${farmText}`, { reason: long, source });
  await addVersion(farm, farmText.replace('lua test.lua', 'lua all.lua'), { reason: 'Calm down' });
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
  const isGreen = result === 'success' || result === 'warnings';
  await addTests(farm, build, suiteOf(isGreen, long), 1);
  await endBuild(farm, build, result);
}

/** Two of one commit, which are not the same; the first is kept no more. */
async function addArtifacts({ store }: SmallFarm, workerId: number): Promise<void> {
  await store.unit(async (db) => {
    for (const buildId of [1, 2]) {
      const sha256 = String(buildId).repeat(64);
      const artifact = { sha256, bytes: 5_000_000, unpackedBytes: 20_000_000, files: 300 };
      const made = { buildId, workerId, trust: 'trusted', at: start } as const;
      const from = { ...made, builderId: 1, commit: 'c'.repeat(40), position: 1 };
      await insertArtifact(db, artifact, from);
    }
    await dropArtifacts(db, [1], start);
  });
}

/** A suite that loses, gains and breaks tests where the build is not green. */
function suiteOf(isGreen: boolean, long: string): GivenTests {
  const name = long.slice(0, 299);
  const common = {
    'app.test_slow': { outcome: 'passed', ms: isGreen ? 1_000 : 90_000 },
    'app.test_xfail': 'expected-failure',
    [name]: 'passed',
  } as const;
  const note = { text: `assert 1 == 2\n${long}\n  at line 7`, hash: '0123456789abcdef' };
  if (isGreen) return { ...common, adds: 'passed', gone: 'passed', late: 'failed' };
  return {
    ...common,
    adds: { outcome: 'failed', note, attempts: 3 },
    late: 'passed',
    [`${name}2`]: { outcome: 'failed', note },
    skips: { outcome: 'skipped', note: { text: 'no network', hash: 'fedcba9876543210' } },
    passes: 'unexpected-pass',
  };
}
