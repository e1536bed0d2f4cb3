import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { buildSchema } from '@weir/protocol';
import type { ApiBuild } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

const lock = 'alpha 1.0\nbeta 2.1\ngamma 3.0\n';

describe('what dependencies came to', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  beforeEach(async () => {
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  /** A farm whose project leaves files behind, with the first build of it. */
  async function start(prepare: string, resolved: string): Promise<ApiBuild> {
    const step = ['- name: prepare', `  run: ${prepare}`, `  resolved: [${resolved}]`];
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps: [...step, '- test: lang ./app.txt'] }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1' });
    return (await ended(0)).build;
  }

  /** The next build of the project, once it has ended, and the number of that event. */
  async function ended(after: number): Promise<{ build: ApiBuild; number: number }> {
    const { subject, number } = await farm.events.until('build.finished', {
      after,
      data: { builder: appBuilder },
    });
    const id = subject.slice('build/'.length);
    return { build: await farm.get(`/api/v1/builds/${id}`, buildSchema), number };
  }

  /** A commit's first build. */
  async function commit(files: Record<string, string>): Promise<ApiBuild> {
    const hash = await repositories.app.commit({ message: 'Change it', files });
    for (let after = 0; ;) {
      const { build, number } = await ended(after);
      if (build.revisions.project === hash) return build;
      after = number;
    }
  }

  async function page({ id }: ApiBuild): Promise<string> {
    return (await fetch(`${farm.url}/builds/${id}`)).text();
  }

  it('are recorded with a hash that anybody can check, and kept byte for byte', async () => {
    await repositories.app.commit({
      message: 'Lock',
      files: { 'deps/a.lock': lock, 'b.lock': '' },
    });

    const build = await start('"true"', 'deps/a.lock, b.lock');

    const [a, b] = [sha256(lock), sha256('')];
    assert.deepEqual(build.resolved, {
      sha256: sha256(`${a}  deps/a.lock\n${b}  b.lock\n`),
      files: [
        { step: 0, path: 'deps/a.lock', sha256: a, bytes: 29, text: '', droppedAt: null },
        { step: 0, path: 'b.lock', sha256: b, bytes: 0, text: '', droppedAt: null },
      ],
      base: null,
      difference: null,
      because: '',
    });
    const bytes = await fetch(`${farm.url}/artifacts/${a}`);
    assert.equal(bytes.headers.get('content-type'), 'application/octet-stream');
    assert.equal(await bytes.text(), lock);
    assert.match(await page(build), /nothing to compare with/);
  });

  it('say what is another than in the last green build, on the page and in the API', async () => {
    await repositories.app.commit({ message: 'Lock', files: { 'a.lock': lock } });
    const first = await start('cp a.lock resolved.txt', 'resolved.txt');
    const same = await commit({ 'app.txt': 'exit 1\n' });
    assert.equal(same.resolved?.difference, '');
    assert.match(await page(same), /✓ The same as in/);

    const changed = await commit({ 'a.lock': 'alpha 1.0\nbeta 2.2 <b>\ngamma 3.0\ndelta 1\n' });

    assert.deepEqual(changed.resolved?.base, {
      id: first.id,
      number: first.number,
      sha256: first.resolved?.sha256,
    });
    assert.equal(
      changed.resolved?.difference,
      [
        `--- resolved.txt (#${first.number})`,
        `+++ resolved.txt (#${changed.number})`,
        '@@ -1,3 +1,4 @@',
        ' alpha 1.0',
        '-beta 2.1',
        '+beta 2.2 <b>',
        ' gamma 3.0',
        '+delta 1',
        '',
      ].join('\n'),
    );
    const html = await page(changed);
    assert.match(html, /<strong>Not the same<\/strong> as in <a href="\/builds\/\d+">#1<\/a>/);
    assert.match(html, /<del>-beta 2\.1<\/del>\n<ins>\+beta 2\.2 &lt;b&gt;<\/ins>/);
  });

  it('are not what a link leads to, and what is not there is said', async () => {
    const prepare = 'ln -s /etc/hostname a; ln -s /etc d; mkfifo p; truncate -s 5M big';

    const build = await start(prepare, 'a, d/hostname, p, big, none');

    assert.equal(build.result, 'success');
    assert.deepEqual(
      build.resolved?.files.map(({ path, sha256: hash, text }) => [path, hash, text]),
      [
        ['a', null, 'it is no plain file'],
        ['d/hostname', null, 'it is not there'],
        ['p', null, 'it is no plain file'],
        ['big', null, 'it is larger than 4 MiB'],
        ['none', null, 'it is not there'],
      ],
    );
    assert.equal(build.resolved?.sha256, null);
    assert.match(
      await page(build),
      /<code>none<\/code> <span class="warning">was not recorded: it is not there/,
    );
  });

  it('are null for a build whose steps say nothing of them', async () => {
    farm = await FarmProcess.start({
      farm: repositories.farm(),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1' });

    assert.equal((await ended(0)).build.resolved, null);
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
