import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builderSchema, farmSchema, farmVersionSchema } from '@weir/protocol';
import type { ApiFarmVersion } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import { GitRepository } from './support/git-repository.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

const versionsSchema = z.object({ items: z.array(farmVersionSchema) });
const buildersSchema = z.object({ items: z.array(builderSchema) });
const url = 'https://git.example/farms';
const path = 'lang/farm.yaml';
const secret = 'secret of the hooks';
const project = (trunk: string): string => `projects:
  other:
    trunks: [${trunk}]
    steps:
      - test: "true"
`;

describe('a farm file in a git repository', () => {
  let dir: string;
  let repositories: SmallFarm;
  let farms: GitRepository;
  let farm: FarmProcess;
  let text: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-farms-'));
    repositories = await createSmallFarm();
    text = repositories.farm({ extra: 'include: [projects/*.yaml]\n' });
    farms = await GitRepository.create(join(dir, 'farms'));
    await farms.commit({ message: 'A farm', files: { [path]: text, 'README.md': 'Farms' } });
    farm = await FarmProcess.start({
      farmRepository: { url, path },
      remotes: new Map([...repositories.remotes, [url, farms.path]]),
      env: { WEIR_HOOK_SECRET: secret },
    });
    await farm.events.until('farm.applied');
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  async function newest(): Promise<ApiFarmVersion | undefined> {
    return (await farm.get('/api/v1/farm/versions?limit=1', versionsSchema)).items[0];
  }

  async function builderNames(): Promise<string[]> {
    const { items } = await farm.get('/api/v1/builders', buildersSchema);
    return items.map(({ name }) => name);
  }

  /** Resolves with the warnings when there are some, or none, of the farm file. */
  async function warnings(isBroken: boolean): Promise<string> {
    for (;;) {
      const { warnings: all } = await farm.get('/api/v1/farm', farmSchema);
      const its = all.filter((each) => each.startsWith('The farm file'));
      if (its.length > 0 === isBroken) return its.join('\n');
    }
  }

  it('is put in force with its commit, its author and the reason', async () => {
    const version = await newest();

    const commit = (await farms.git('rev-parse', 'HEAD')).trim();
    assert.deepEqual(version?.source, {
      kind: 'repository',
      url,
      branch: 'main',
      commit,
      author: 'Ada Test',
    });
    assert.equal(version.reason, 'A farm');
    assert.equal(version.path, path);
  });

  it('is followed, with all that it includes: a hook has it seen at once', async () => {
    await farms.commit({
      message: 'Test another project',
      author: 'Vera Test <vera@example.test>',
      files: { 'lang/projects/other.yaml': project('lang/main') },
    });
    const body = JSON.stringify({
      ref: 'refs/heads/main',
      repository: { clone_url: `${url}.git` },
    });
    const signature = createHmac('sha256', secret).update(body).digest('hex');

    const response = await fetch(new URL('/hooks/github', farm.url), {
      method: 'POST',
      body,
      headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` },
    });

    assert.deepEqual(await response.json(), { branches: [], farmFile: true });
    await farm.events.until('farm.applied', { data: { version: 2 } });
    const version = await newest();
    assert.equal(version?.reason, 'Test another project');
    assert.ok(version?.source.kind === 'repository' && version.source.author === 'Vera Test');
    assert.ok((await builderNames()).includes('lang/main/other/here'));
    await farm.logged('version 2 of the farm file is in force: 1 builder added');
  });

  it('changes nothing with a commit that is broken, and says on the pages where', async () => {
    await farms.commit({
      message: 'In a hurry',
      files: { 'lang/projects/other.yaml': project('lang/mian') },
    });
    farm.signal('SIGHUP');

    await farm.events.until('farm.warned');
    const warning = await warnings(true);

    assert.match(warning, /broken; the last good one stays in force/);
    assert.match(
      warning,
      /lang\/projects\/other\.yaml:3:14: projects\.other\.trunks: an unknown trunk/,
    );
    assert.equal((await newest())?.id, 2);
    await farm.kill();
    await farm.start();
    assert.match(await warnings(true), /other\.yaml:3:14/);
    assert.ok((await builderNames()).includes('lang/main/other/here'));
  });

  it('stays as people applied it over the API, until it changes in the repository', async () => {
    await farms.commit({
      message: 'Mend it',
      files: { 'lang/projects/other.yaml': project('lang/main') },
    });
    farm.signal('SIGHUP');
    assert.equal(await warnings(false), '');
    assert.equal((await newest())?.id, 2);
    const back = await runWeir(['apply', '--rollback', '1', '--reason', 'too slow'], farm);
    assert.equal(back.status, 0, back.stderr);
    await farms.commit({ message: 'A word', files: { 'README.md': 'Farms of ours' } });

    await farm.stop();
    await farm.start();
    farm.signal('SIGHUP');

    await farms.commit({
      message: 'Rename it',
      files: { [path]: text.replace('Test farm', 'Renamed farm') },
    });
    farm.signal('SIGHUP');
    const applied = await farm.events.until('farm.applied', { data: { version: 4 } });
    assert.equal(applied.data['name'], 'Renamed farm');
    assert.equal((await farm.get('/api/v1/farm/versions', versionsSchema)).items.length, 4);
  });

  it('runs on while the repository is out of reach, and says so', async () => {
    await farms.git('branch', '--move', 'elsewhere');
    await farm.stop();
    await farm.start();

    assert.match(
      await warnings(true),
      /lang\/farm\.yaml of https:.* can't be read.*it has no branch main/,
    );
    assert.equal((await farm.get('/api/v1/farm', farmSchema)).name, 'Renamed farm');
  });

  it('is needed for a first start', async () => {
    const args = [
      'master',
      '--farm',
      'f.yaml',
      '--farm-repository',
      url,
      '--data',
      join(dir, 'data'),
    ];
    const at = ['--port', '0', '--worker-port', '0', '--remote', `${url}=${farms.path}`];

    const { status, stderr } = await runWeir([...args, ...at]);

    assert.equal(status, 1);
    assert.match(
      stderr,
      /f\.yaml of https:\/\/git\.example\/farms \(main\): it has no branch main/,
    );
    const outside = await runWeir(['master', '--farm', '../f.yaml', '--farm-repository', url]);
    assert.equal(outside.status, 2);
  });
});
