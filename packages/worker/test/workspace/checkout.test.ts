import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { checkOut } from '../../src/workspace/checkout.ts';
import { Git } from '../../src/workspace/git.ts';
import { ensureMirror } from '../../src/workspace/mirror.ts';

const repository = 'https://git.test/project';
const { signal } = new AbortController();

/** A real repository, and the worker's folders beside it. */
class Scene implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'weir-checkout-'));
  readonly origin = join(this.root, 'origin');
  readonly dir = join(this.root, 'work');
  readonly git = new Git(join(this.root, 'git'));

  readonly remote = { url: this.origin, transport: 'file' } as const;

  constructor() {
    mkdirSync(this.dir);
    execFileSync('git', ['init', '-q', '-b', 'main', this.origin]);
    for (const [name, value] of [
      ['user.name', 'Ada'],
      ['user.email', 'ada@example.org'],
      ['commit.gpgsign', 'false'],
    ] as const) {
      this.inOrigin('config', name, value);
    }
  }

  inOrigin(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.origin, encoding: 'utf8' }).trim();
  }

  inWork(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.dir, encoding: 'utf8' }).trim();
  }

  commit(files: Record<string, string>): string {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.origin, name), text);
    this.inOrigin('add', '--all');
    this.inOrigin('commit', '-q', '-m', 'a change');
    return this.inOrigin('rev-parse', 'HEAD');
  }

  mirror(commit: string, ref = 'main'): Promise<string> {
    const mirrors = { git: this.git, dir: join(this.root, 'mirrors') };
    return ensureMirror(mirrors, { repository, ref, commit }, this.remote, signal);
  }

  async checkOut(commit: string): Promise<void> {
    const mirror = await this.mirror(commit);
    const objectsPath = join(mirror, 'objects');
    await checkOut(this.git, { mirror, commit, dir: this.dir, objectsPath }, signal);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

describe('a checkout', () => {
  it('is the pinned commit, in a clean repository that can describe itself', async () => {
    using scene = new Scene();
    const commit = scene.commit({ a: 'one\n' });
    scene.inOrigin('tag', '-a', 'v1', '-m', 'first');
    const next = scene.commit({ a: 'two\n' });
    scene.commit({ a: 'three\n' });

    await scene.checkOut(next);

    assert.equal(readFileSync(join(scene.dir, 'a'), 'utf8'), 'two\n');
    assert.equal(scene.inWork('status', '--porcelain'), '');
    assert.equal(scene.inWork('rev-parse', 'HEAD'), next);
    assert.equal(scene.inWork('describe'), `v1-1-g${next.slice(0, 7)}`);
    assert.equal(scene.inWork('rev-parse', 'HEAD~1'), commit);
  });

  it('asks no remote for a commit that is here', async () => {
    using scene = new Scene();
    const commit = scene.commit({ a: 'one\n' });
    await scene.mirror(commit);
    rmSync(scene.origin, { recursive: true });

    await scene.checkOut(commit);

    assert.equal(readFileSync(join(scene.dir, 'a'), 'utf8'), 'one\n');
  });

  it('finds a commit that was pushed over', async () => {
    using scene = new Scene();
    const commit = scene.commit({ a: 'one\n' });
    scene.commit({ a: 'two\n' });
    scene.inOrigin('reset', '-q', '--hard', commit);
    const gone = scene.inOrigin('rev-parse', 'ORIG_HEAD');

    await scene.checkOut(gone);

    assert.equal(readFileSync(join(scene.dir, 'a'), 'utf8'), 'two\n');
  });

  it('says so when the commit can not be had', async () => {
    using scene = new Scene();
    scene.commit({ a: 'one\n' });

    await assert.rejects(scene.mirror('f'.repeat(40)), {
      code: 'git-failed',
      message: new RegExp(`commit f{40} can't be had from ${repository}`),
    });
    await assert.rejects(scene.mirror('f'.repeat(40), '--output=/tmp/x'), { code: 'git-failed' });
  });

  it('fetches once when several ask at once', async () => {
    using scene = new Scene();
    const commit = scene.commit({ a: 'one\n' });

    const paths = await Promise.all([1, 2, 3, 4].map(() => scene.mirror(commit)));

    assert.equal(new Set(paths).size, 1);
  });

  it('runs neither hooks nor filters, and writes no link of the repository’s through', async () => {
    using scene = new Scene();
    const witness = join(scene.root, 'witness');
    execFileSync('ln', ['-s', scene.root, join(scene.origin, 'link')]);
    const commit = scene.commit({ '.gitattributes': '* filter=evil\n', 'a;touch b': 'one\n' });
    writeFileSync(
      join(scene.origin, '.git', 'config'),
      `[filter "evil"]\n\tsmudge = touch ${witness}\n[core]\n\tfsmonitor = touch ${witness}\n`,
    );
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction']) {
      writeFileSync(join(scene.origin, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${witness}\n`, {
        mode: 0o755,
      });
    }

    const own = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'filter.evil.smudge',
      GIT_CONFIG_VALUE_0: `touch ${witness}`,
    };
    Object.assign(process.env, own);

    await scene.checkOut(commit);
    for (const name of Object.keys(own)) delete process.env[name];

    assert.equal(existsSync(witness), false);
    assert.equal(readFileSync(join(scene.dir, 'a;touch b'), 'utf8'), 'one\n');
  });

  it('is given up when the build is cancelled', async () => {
    using scene = new Scene();
    const source = { repository, ref: 'main', commit: scene.commit({ a: 'one\n' }) };

    await assert.rejects(
      ensureMirror(
        { git: scene.git, dir: join(scene.root, 'mirrors') },
        source,
        scene.remote,
        AbortSignal.abort(),
      ),
      { name: 'AbortError' },
    );
  });
});
