import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema, problemSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { openReader } from '../packages/master/src/store/store.ts';
import { validatedFetch } from './support/api.ts';
import { launchBrowser } from './support/browser.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { token } from './support/farm-process.ts';
import { GatedFarm } from './support/gated-farm.ts';
import type { GatedBuild } from './support/gated-farm.ts';
import { needs } from './support/needs.ts';
import { postgresPrograms } from './support/postgres-server.ts';
import { runWeir } from './support/run-weir.ts';
import { ownPostgres, startAnyPostgres } from './support/servers.ts';
import type { AnyPostgres } from './support/servers.ts';
import { appBuilder } from './support/small-farm.ts';
import { createDatabase } from './support/test-store.ts';

const copiedSchema = z.object({
  tables: z.array(z.object({ name: z.string(), rows: z.number(), hash: z.string() })),
  changedTexts: z.number(),
  logs: z.object({ logs: z.number(), objects: z.number(), damaged: z.array(z.number()) }),
});
const list = z.object({ items: z.array(z.object({ id: z.number() })) });

describe('a farm that moves to PostgreSQL', function () {
  this.timeout(120_000);
  let server: AnyPostgres;
  let database: string;
  let gated: GatedFarm;
  let data: string;
  /** Runs while the farm moves. */
  let known: GatedBuild;
  /** Ended before it moved. */
  let ended: string;
  let lastEvent: number;
  let builds: unknown;
  const env: Record<string, string> = { WEIR_DATABASE_URL: '' };

  const copy = (...args: string[]) =>
    runWeir(['copy-store', '--database', database, '--data', data, ...args]);

  before(async function () {
    server = await startAnyPostgres(this);
    database = await createDatabase(server.url('postgres'), 'farm');
    gated = await GatedFarm.start({ env });
    const { farm } = gated;
    data = join(farm.dir, 'farm');
    await farm.addWorker({ name: 'w1', slots: 2 });
    ({ subject: ended } = await farm.events.until('build.finished', {
      data: { builder: appBuilder },
    }));
    known = await gated.begin();
    builds = await farm.get('/api/v1/builds', list);
  });
  after(async () => {
    await gated?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it('is not copied while its master runs', async () => {
    const { status, stderr } = await copy();

    assert.equal(status, 1);
    assert.match(stderr, /another weir has .*weir\.sqlite open: stop it first/);
  });

  it('is copied whole, each table by count and hash', async () => {
    lastEvent = gated.farm.events.last;
    await gated.farm.stop();

    const { status, stdout, stderr } = await copy('--json');

    assert.equal(status, 0, stderr);
    const { tables, changedTexts, logs } = copiedSchema.parse(JSON.parse(stdout));
    const rows = new Map(tables.map((table) => [table.name, table.rows]));
    assert.equal(rows.get('build'), 3);
    assert.ok((rows.get('event') ?? 0) >= lastEvent);
    assert.equal(changedTexts, 0);
    assert.ok(logs.logs >= 3, `${logs.logs} logs`);
    assert.deepEqual(logs.damaged, []);
    // Nobody reads them there any more.
    await rm(join(data, 'logs'), { recursive: true });
  });

  it('is not copied over what is there', async () => {
    const { status, stderr } = await copy();

    assert.equal(status, 1);
    assert.match(stderr, /the database holds rows in \w+ already: give an empty one/);
  });

  it('goes on there with its builds, the running one too, and its event numbers', async () => {
    env['WEIR_DATABASE_URL'] = database;
    const { farm } = gated;
    await farm.start();
    await farm.events.until('build.attached', { subject: `build/${known.build}` });
    const after = await farm.get('/api/v1/builds', list);

    const build = await gated.end(known.request);

    assert.deepEqual(after, builds);
    assert.equal(build.id, known.build);
    assert.equal(build.result, 'success');
    assert.match(await gated.logOf(build), /begun\nover\n$/);
    const before = await farm.get(`/api/v1/${ended.replace('build', 'builds')}`, buildSchema);
    assert.match(await gated.logOf(before), /begun\nover\n$/);
    const first = farm.events.all.find(({ number }) => number > lastEvent);
    assert.ok(first !== undefined && first.number <= lastEvent + 5, `${first?.number}`);
  });

  it('outlives a crash of the server: the build that runs meanwhile is not lost', async function () {
    const own = ownPostgres(this, server);
    const { farm } = gated;
    const begun = await gated.begin();
    await own.kill();
    // Its worker has finished before the server is back.
    await gated.open();
    await own.start();

    const build = await gated.end(begun.request);

    assert.equal(build.id, begun.build);
    assert.equal(build.result, 'success');
    const { attempt } = await farm.get(`/api/v1/builds/${build.id}`, buildSchema);
    assert.equal(attempt, 1);
  });

  it('says so on every page, at its API and to commands while the server is away', async function () {
    const own = ownPostgres(this, server);
    const { farm } = gated;
    const signedIn = await fetch(new URL('/sign-in', farm.url), {
      method: 'POST',
      body: new URLSearchParams({ token, to: '/' }),
      redirect: 'manual',
    });
    const [cookie = ''] = signedIn.headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
    const { length } = farm.log;
    await own.kill();

    for (const path of ['/', '/workers', `/builders/${appBuilder}`]) {
      for (const who of [{}, { cookie }]) {
        const page = await fetch(new URL(path, farm.url), {
          headers: { accept: 'text/html', ...who },
        });
        assert.equal(page.status, 503, path);
        const text = await page.text();
        assert.match(text, /<h1>The store is not there, or not ready<\/h1>/, path);
        assert.match(text, /<nav aria-label="Main"/, path);
        // Whether somebody is signed in can't be known.
        assert.doesNotMatch(text, /Sign (in|out)/, path);
        assert.match(text, new RegExp(`<a href="${path}">Try again</a>`), path);
      }
    }
    const nowhere = await fetch(new URL('/nowhere', farm.url), {
      headers: { accept: 'text/html' },
    });
    assert.equal(nowhere.status, 404);
    assert.match(await nowhere.text(), /there is no page \/nowhere/);
    for (const path of ['/api/v1/farm', '/api/v1/builds', '/api/v1/events']) {
      const answer = await validatedFetch(new URL(path, farm.url));
      assert.equal(answer.status, 503, path);
      assert.equal(problemSchema.parse(await answer.json()).code, 'store-away', path);
    }
    const said = await Promise.all(
      [['status'], ['force', appBuilder, '--reason', 'a test']].map((args) => runWeir(args, farm)),
    );
    for (const { status, stderr } of said) {
      assert.equal(status, 1);
      assert.match(
        stderr,
        /database server does not answer: what runs goes on; try again later \(store-away\)/,
      );
    }
    assert.doesNotMatch(farm.log.slice(length), /^ +at /m);

    await own.start();
    assert.equal((await fetch(farm.url, { headers: { accept: 'text/html' } })).status, 200);
    await gated.end((await gated.begin()).request);
  });

  it('says so on pages that are open, until it is back', async function () {
    needs(this, 'chromium');
    const own = ownPostgres(this, server);
    const { farm } = gated;
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const following = page.waitForResponse(/\/api\/v1\/events/);
      await page.goto(farm.url);
      await following;
      const link = page.locator('#link');
      await own.kill();

      await link.filter({ hasText: 'The farm can not read its store just now' }).waitFor();
      await own.start();
      await link.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });

      const { request } = await gated.begin();
      await page.locator('#boxes .box.busy').waitFor();
      await gated.end(request);
    } finally {
      await browser.close();
    }
  });

  it('says so, too, when the server takes what is asked and answers nothing', async function () {
    const own = ownPostgres(this, server);
    const { farm } = gated;
    own.pause();
    try {
      // More than there are connections to read over.
      const asked = Array.from({ length: 10 }, (_, n) =>
        fetch(new URL(`/builds/${n + 1}`, farm.url), { headers: { accept: 'text/html' } }),
      );
      for (const page of await Promise.all(asked)) {
        assert.equal(page.status, 503);
        assert.match(await page.text(), /<h1>The store is not there, or not ready<\/h1>/);
      }
    } finally {
      own.resume();
    }
    assert.equal((await fetch(farm.url, { headers: { accept: 'text/html' } })).status, 200);
    await gated.end((await gated.begin()).request);
  });

  it('is waited for by a master that starts while it is away', async function () {
    const own = ownPostgres(this, server);
    const { farm } = gated;
    await farm.kill();
    await own.kill();

    const starting = farm.start();
    await farm.logged('it is waited for, 60 s at most');
    await own.start();
    await starting;

    await farm.get('/api/v1/builds', list);
  });

  it('is waited for by a master that starts while it takes what is asked and answers nothing', async function () {
    const own = ownPostgres(this, server);
    const { farm } = gated;
    await farm.kill();
    own.pause();
    try {
      const starting = farm.start();
      await farm.logged('timeout expired; it is waited for');
      own.resume();
      await starting;
    } finally {
      own.resume();
    }

    await farm.get('/api/v1/builds', list);
  });

  it('is waited for by a master that it leaves again and again while that starts', async function () {
    ownPostgres(this, server);
    const { farm } = gated;
    await farm.kill();
    const { pathname, searchParams } = new URL(database);
    const socket = join(searchParams.get('host') ?? '', '.s.PGSQL.5432');
    const cutAt = Array.from({ length: 8 }, (_, n) => (n + 1) * 12_000);
    await using proxy = await CuttingProxy.start(() => socket, cutAt, 200);
    env['WEIR_DATABASE_URL'] = `postgres://weir@127.0.0.1:${proxy.port}${pathname}`;

    await farm.start();

    await farm.get('/api/v1/builds', list);
    assert.equal(proxy.cuts, cutAt.length);
    env['WEIR_DATABASE_URL'] = database;
    await farm.kill();
    await farm.start();
  });

  it('counts events without a gap', async () => {
    await using reader = await openReader(database);
    const rows = await reader.selectFrom('event').select('number').orderBy('number').execute();

    assert.deepEqual(
      rows.map(({ number }) => number),
      rows.map((_, index) => index + 1),
    );
  });

  it('goes back to a dump, and gives no number twice', async function () {
    // Its programs make the dump.
    needs(this, 'postgres');
    const { farm } = gated;
    const dump = join(farm.dir, 'weir.dump');
    const programs = postgresPrograms() ?? '';
    const run = promisify(execFile);
    await run(join(programs, 'pg_dump'), ['--format=custom', `--file=${dump}`, database]);
    const { last } = farm.events;
    const lost = await gated.end((await gated.begin()).request);
    await farm.stop();
    database = await createDatabase(server.url('postgres'), 'restored');
    await run(join(programs, 'pg_restore'), ['--no-owner', `--dbname=${database}`, dump]);

    const restored = await runWeir(['restore', '--database', database]);

    assert.equal(restored.status, 0, restored.stderr);
    env['WEIR_DATABASE_URL'] = database;
    await farm.start();
    const build = await gated.end((await gated.begin()).request);
    assert.ok(build.id > lost.id + 900_000);
    assert.equal(build.number, lost.number);
    assert.ok(
      farm.events.all.some(({ kind, number }) => kind === 'farm.restored' && number > last),
    );
  });

  it('tells who wants a backup of it what makes one', async () => {
    const { status, stderr } = await runWeir(
      ['backup', join(gated.farm.dir, 'backup'), '--data', data, '--database', database],
      undefined,
      { WEIR_OBJECTS_URL: 's3://weir/farm?region=here' },
    );

    assert.equal(status, 1);
    assert.match(stderr, /mkdir -p (\S+) && pg_dump --format=custom --file=\1\/weir\.dump /);
    assert.match(stderr, /are at s3:\/\/weir\/farm: keep those, too/);
  });
});
