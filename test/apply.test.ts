import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  buildSchema,
  builderSchema,
  farmSchema,
  farmVersionSchema,
  requestSchema,
} from '@weir/protocol';
import type { ApiFarmVersion } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { Ran } from './support/run-weir.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

const versionsSchema = z.object({ items: z.array(farmVersionSchema) });
const buildersSchema = z.object({ items: z.array(builderSchema) });
const builderPath = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;
const other = (trunk = 'lang/main'): string => `projects:
  other:
    trunks: [${trunk}]
    steps:
      - test: "true"
`;

describe('weir apply', () => {
  let dir: string;
  let repositories: SmallFarm;
  let farm: FarmProcess;
  /** The farm file as it was at first. */
  let text: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-apply-'));
    repositories = await createSmallFarm();
    const gate = join(dir, 'open');
    const steps = [`- test: while [ ! -e ${gate} ]; do sleep 0.05; done`];
    text = repositories.farm({ steps });
    farm = await FarmProcess.start({ farm: text, remotes: repositories.remotes });
    await farm.events.until('farm.applied');
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const weir = (...args: string[]): Promise<Ran> => runWeir(args, farm);

  /** Writes a farm file, and what it includes, beside each other. */
  async function write(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, its] of Object.entries({ 'farm.yaml': text, ...files })) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), its);
    }
    return join(dir, 'farm.yaml');
  }

  async function versions(): Promise<ApiFarmVersion[]> {
    return (await farm.get('/api/v1/farm/versions', versionsSchema)).items;
  }

  async function builderNames(): Promise<string[]> {
    const { items } = await farm.get('/api/v1/builders', buildersSchema);
    return items.map(({ name }) => name);
  }

  it('says what a file would change, and changes nothing', async () => {
    const tiered = text.replace('trunks: [lang/main]\n', 'trunks: [lang/main]\n    tier: 1\n');
    const path = await write({
      'farm.yaml': `${tiered}include: [projects/*.yaml]\n`,
      'projects/other.yaml': other(),
    });

    const { status, stdout } = await weir('apply', path, '--dry-run');

    assert.equal(
      stdout,
      `Plan for ${path} against version 1:

~ project app
  ~ tier: 2 → 1
+ project other
+ builder lang/main/other/here
~ builder lang/main/app/here: tier

1 builder added, 1 changed.

--- farm file (version 1)
+++ farm file (as sent)
@@ -16,6 +16,8 @@
     stable-for: 0s
     max-wait: 1s
     trunks: [lang/main]
+    tier: 1
     steps:
       - test: while [ ! -e ${dir}/open ]; do sleep 0.05; done
 artifacts: same-worker
+include: [projects/*.yaml]
--- /dev/null
+++ projects/other.yaml (as sent)
@@ -0,0 +1,5 @@
+projects:
+  other:
+    trunks: [lang/main]
+    steps:
+      - test: "true"
`,
    );
    assert.equal(status, 2);
    assert.equal((await weir('apply', await write({}), '--dry-run')).status, 0);
    assert.equal((await weir('apply', path, '--dyr-run')).status, 1);
    assert.deepEqual(
      (await versions()).map(({ id }) => id),
      [1],
    );
  });

  it('puts a file in force with all that it includes, and keeps who, when and why', async () => {
    const before = Date.now();
    const path = await write({
      'farm.yaml': `${text}include: [projects/*.yaml]\n`,
      'projects/other.yaml': other(),
    });

    const { status, stdout } = await weir('apply', path, '--reason', 'Ada asked for it');

    assert.equal(status, 0);
    assert.match(
      stdout,
      /\+ builder lang\/main\/other\/here\n\n1 builder added.*\nVersion 2 is in force\.\n$/s,
    );
    const [version] = await versions();
    assert.ok(version !== undefined && version.at >= before);
    assert.deepEqual(
      { ...version, at: 0 },
      {
        id: 2,
        at: 0,
        by: 'admin',
        reason: 'Ada asked for it',
        source: { kind: 'sent' },
        path: 'farm.yaml',
        isInForce: true,
        summary: {
          builders: { added: 1, removed: 0, changed: 0 },
          requests: { kept: version.summary?.requests.kept, changed: 0, cancelled: 0 },
          running: 0,
        },
      },
    );
    const applied = await farm.events.until('farm.applied', { data: { version: 2 } });
    assert.equal(applied.actor, 'admin');
    assert.equal(applied.data['reason'], 'Ada asked for it');
    assert.ok((await builderNames()).includes('lang/main/other/here'));
    const again = await weir('apply', path, '--reason', 'once more');
    assert.match(again.stdout, /^Nothing to apply: .* is what is in force as version 2\.\n$/);
  });

  it('names file, line and reason of all that is wrong, and changes nothing', async () => {
    const path = await write({
      'farm.yaml': `${text.replace('tier', 'teir')}include: [projects/*.yaml]\nlimit: {}\n`,
      'projects/other.yaml': other('lang/mian'),
    });

    const { status, stderr, stdout } = await weir('apply', path, '--reason', 'in a hurry');

    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /farm\.yaml:23:1: error: limit: an unknown key/);
    assert.match(
      stderr,
      /projects\/other\.yaml:3:14: error: projects\.other\.trunks: an unknown trunk/,
    );
    assert.match(stderr, /3 \| {5}trunks: \[lang\/mian\]/);
    assert.match(stderr, /the farm file has 2 errors \(bad-farm-file\); nothing changed/);
    const missing = await write({ 'farm.yaml': `${text}include: [missing.yaml]\n` });
    assert.match(
      (await weir('apply', missing, '--reason', 'x')).stderr,
      /missing\.yaml: .*is not there/,
    );
    assert.equal((await versions())[0]?.id, 2);
    await rm(join(dir, 'projects'), { recursive: true });
  });

  it('is refused when another version is in force than the one that was planned against', async () => {
    const path = await write({});

    const refused = await weir('apply', path, '--reason', 'late', '--against', '1');

    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /version 2, applied by admin, is in force, not version 1.*\(another-version\)/,
    );
  });

  it('lets what runs go on when its builder goes, and knows it again when that comes back', async () => {
    const back = await weir('apply', await write({}), '--reason', 'back to one project');
    assert.equal(back.status, 0, back.stderr);
    await farm.addWorker({ name: 'w1', slots: 1 });
    const running = await farm.events.until('build.started', { data: { builder: appBuilder } });
    await farm.events.until('step.started', { subject: running.subject });
    const forced = await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'waits' });
    const waiting = requestSchema.parse(forced).id;
    const without = text.replace(/projects:[^]*/, 'projects: {}\n');

    const gone = await weir(
      'apply',
      await write({ 'farm.yaml': without }),
      '--reason',
      'it retired',
    );

    assert.match(
      gone.stdout,
      /- builder lang\/main\/app\/here: 1 waiting cancelled; 1 running goes on as begun\n/,
    );
    const { state } = await farm.get(`/api/v1/requests/${waiting}`, requestSchema);
    assert.equal(state, 'cancelled');
    assert.ok(!(await builderNames()).includes(appBuilder));
    await writeFile(join(dir, 'open'), '');
    await farm.events.until('build.finished', { subject: running.subject });
    const build = await farm.get(`/api/v1/builds/${running.subject.slice(6)}`, buildSchema);
    assert.equal(build.result, 'success');

    const again = await weir('apply', '--rollback', '--reason', 'it did not');

    assert.match(again.stdout, /\+ builder lang\/main\/app\/here\n/);
    const builder = await farm.get(builderPath, builderSchema);
    assert.equal(builder.verdict, 'green');
    assert.equal(builder.lastBuild?.number, build.number);
    await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'goes on' });
    const next = await farm.events.until('build.finished', {
      after: farm.events.last,
      data: { builder: appBuilder },
    });
    assert.equal(next.data['number'], build.number + 1);
  });

  it('rolls back to any version, as a new one', async () => {
    const { stdout } = await weir('apply', '--rollback', '2', '--reason', 'two projects again');

    assert.match(stdout, /^Plan for version 2 against version 5:\n/);
    assert.match(stdout, /Version 6 is in force\.\n$/);
    assert.deepEqual((await versions())[0]?.source, { kind: 'roll-back', version: 2 });
    assert.ok((await builderNames()).includes('lang/main/other/here'));
    const list = await weir('versions');
    assert.match(
      list.stdout,
      /^6 in force +\S+ +admin +version 2 again +\+1 +two projects again$/m,
    );
    const one = await weir('versions', '6', '--from', '3');
    assert.match(one.stdout, /\+ project other\n/);
    assert.match(one.stdout, /^\+include: \[projects\/\*\.yaml\]$/m);
    const missing = await weir('apply', '--rollback', '99', '--reason', 'x');
    assert.match(missing.stderr, /\(no-such-version\)/);
  });

  it('shows visitors no text', async () => {
    const version = z.object({ files: z.null() });
    await farm.get('/api/v1/farm/versions/1', version);
    const response = await fetch(new URL('/api/v1/farm/versions/2/difference', farm.url));
    assert.equal(response.status, 401);
  });

  it('outlasts a restart and a SIGHUP, until the own file of the master changes', async () => {
    farm.signal('SIGHUP');
    await farm.logged('is as it was when it was read last');
    await farm.stop();
    await farm.start();
    assert.equal((await versions())[0]?.id, 6);

    await farm.stop();
    await writeFile(farm.farmPath, text.replace('Test farm', 'Renamed farm'));
    await farm.start();

    const [version] = await versions();
    assert.deepEqual([version?.id, version?.source.kind], [7, 'file']);
    assert.equal((await farm.get('/api/v1/farm', farmSchema)).name, 'Renamed farm');
  });

  it('leaves the last good version in force where the own file is broken at the start', async () => {
    await farm.stop();
    await writeFile(farm.farmPath, text.replace('platforms:', 'platfroms:'));

    await farm.start();

    const { name, warnings } = await farm.get('/api/v1/farm', farmSchema);
    assert.equal(name, 'Renamed farm');
    assert.match(
      warnings.join('\n'),
      /The farm file is broken; the last good one.*farm\.yaml:2:1: platfroms/,
    );
    await writeFile(farm.farmPath, text);
    farm.signal('SIGHUP');
    await farm.events.until('farm.applied', { data: { version: 8 } });
    let left: readonly string[] = warnings;
    while (left.some((each) => each.includes('broken'))) {
      ({ warnings: left } = await farm.get('/api/v1/farm', farmSchema));
    }
  });
});
