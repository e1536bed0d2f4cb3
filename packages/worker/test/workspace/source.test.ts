import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CheckoutSpec } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { Git } from '../../src/workspace/git.ts';
import { fillSource } from '../../src/workspace/source.ts';

const { signal } = new AbortController();

describe('fillSource', () => {
  let root: string;
  let src: string;
  /** By name: a real repository that serves in place of `https://git.test/NAME`. */
  let remotes: Record<string, string>;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'weir-source-'));
    src = join(root, 'src');
    mkdirSync(src);
    remotes = {};
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function git(name: string, ...args: string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    const env = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', HOME: root };
    const options = { cwd: join(root, name), encoding: 'utf8', env } as const;
    return execFileSync('git', [...identity, ...args], options).trim();
  }

  /** One more commit of a repository, which is made when there is none. */
  function commit(name: string, files: Record<string, string>): string {
    if (!existsSync(join(root, name))) {
      mkdirSync(join(root, name));
      git(name, 'init', '-q', '-b', 'main');
      remotes[`https://git.test/${name}`] = join(root, name);
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name, path)), { recursive: true });
      writeFileSync(join(root, name, path), text);
    }
    git(name, 'add', '--all');
    return committed(name);
  }

  function committed(name: string): string {
    git(name, 'commit', '-q', '--allow-empty', '-m', 'a change');
    return git(name, 'rev-parse', 'HEAD');
  }

  /** Pins a commit at a path of a repository, and names where it is from. */
  function pin(name: string, path: string, hash: string, url: string): string {
    writeFileSync(
      join(root, name, '.gitmodules'),
      `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
    );
    git(name, 'add', '.gitmodules');
    git(name, 'update-index', '--add', '--cacheinfo', `160000,${hash},${path}`);
    return committed(name);
  }

  function fill(hash: string, checkout?: CheckoutSpec, repository = 'https://git.test/app') {
    const place = {
      git: new Git(join(root, 'git')),
      dir: join(root, 'mirrors'),
      src,
      remotes,
      objectsPath: (mirror: string) => join(mirror, 'objects'),
    };
    const source = { repository, ref: 'main', commit: hash, ...(checkout && { checkout }) };
    return fillSource(place, source, signal);
  }

  function read(path: string): string {
    return readFileSync(join(src, path), 'utf8');
  }

  describe('with submodules', () => {
    it('leaves them empty where nobody asks for them', async () => {
      const lib = commit('lib', { l: 'lib\n' });
      commit('app', { a: 'app\n' });

      const mirrors = await fill(pin('app', 'libs/lib', lib, '../lib'));

      assert.equal(mirrors.length, 1);
      assert.equal(existsSync(join(src, 'libs/lib/l')), false);
      assert.equal(git('src', 'status', '--porcelain'), '');
    });

    it('has those of the repository at their pinned commits, and of these none', async () => {
      const deep = commit('deep', { d: 'deep\n' });
      commit('lib', { l: 'old\n' });
      const lib = pin('lib', 'deep', deep, '../deep');
      commit('lib', { l: 'new\n' });
      commit('app', { a: 'app\n' });

      await fill(pin('app', 'libs/lib', lib, '../lib'), { submodules: 'top' });

      assert.equal(read('libs/lib/l'), 'old\n');
      assert.equal(existsSync(join(src, 'libs/lib/deep/d')), false);
      assert.equal(git('src', 'status', '--porcelain'), '');
      assert.equal(git('src/libs/lib', 'rev-parse', 'HEAD'), lib);
    });

    it('has theirs as well when asked, and git finds nothing left to fetch', async () => {
      const deep = commit('deep', { d: 'deep\n' });
      commit('lib', { l: 'lib\n' });
      const lib = pin('lib', 'deep', deep, 'https://git.test/deep');
      commit('app', { a: 'app\n' });

      const mirrors = await fill(pin('app', 'libs/lib', lib, '../lib'), {
        submodules: 'recursive',
      });

      assert.equal(mirrors.length, 3);
      assert.equal(read('libs/lib/deep/d'), 'deep\n');
      git('src', 'config', 'remote.origin.url', 'https://git.invalid/app');
      git('src', 'submodule', 'update', '--init', '--recursive');
    });

    it('finds a commit that is on no branch any more', async () => {
      commit('lib', { l: 'one\n' });
      const gone = commit('lib', { l: 'two\n' });
      git('lib', 'reset', '-q', '--hard', 'HEAD~1');
      commit('app', { a: 'app\n' });

      await fill(pin('app', 'lib', gone, './../lib/'), { submodules: 'top', depth: 1 });

      assert.equal(read('lib/l'), 'two\n');
    });

    const refused = {
      'ext::sh -c "touch x"': /only https and ssh/,
      'file:///etc': /only https and ssh/,
      '/etc': /only https and ssh/,
      '-u./payload': /only https and ssh/,
      '--upload-pack=touch x': /only https and ssh/,
      'http://git.test/lib': /only https and ssh/,
      'git@git.test:lib': /only https without a user/,
      'ssh://git@git.test/lib': /only https without a user/,
      'https://me@git.test/lib': /only https without a user/,
      '../../../etc': /leads out of/,
    };
    for (const [url, message] of Object.entries(refused)) {
      it(`refuses ${JSON.stringify(url)}`, async () => {
        const lib = commit('lib', { l: 'lib\n' });
        commit('app', { a: 'app\n' });
        const hash = pin('app', 'lib', lib, JSON.stringify(url));

        await assert.rejects(fill(hash, { submodules: 'top' }), {
          code: 'repository-refused',
          message,
        });
      });
    }

    it('refuses a path that is none within the repository', async () => {
      const lib = commit('lib', { l: 'lib\n' });
      commit('app', { a: 'app\n' });
      pin('app', 'lib', lib, '../lib');

      for (const path of ['../out', '/tmp/out', 'a/../../out']) {
        const text = `[submodule "x"]\n\tpath = ${path}\n\turl = ../lib\n`;
        const hash = commit('app', { '.gitmodules': text });
        rmSync(src, { recursive: true });
        mkdirSync(src);
        await assert.rejects(fill(hash, { submodules: 'top' }), { message: /no path within/ });
      }
    });

    it('says which commit can not be had', async () => {
      commit('lib', { l: 'lib\n' });
      commit('app', { a: 'app\n' });

      await assert.rejects(
        fill(pin('app', 'lib', 'f'.repeat(40), '../lib'), { submodules: 'top' }),
        { message: /commit f{40} can't be had from https:\/\/git\.test\/lib/ },
      );
    });

    it('reads no other file for a .gitmodules that is a link, and none that includes one', async () => {
      const witness = join(root, 'witness');
      writeFileSync(witness, '[submodule "x"]\n\tpath = lib\n\turl = https://git.test/never\n');
      const lib = commit('lib', { l: 'lib\n' });
      commit('app', { '.gitmodules': `[include]\n\tpath = ${witness}\n` });
      git('app', 'update-index', '--add', '--cacheinfo', `160000,${lib},lib`);

      assert.equal((await fill(committed('app'), { submodules: 'top' })).length, 1);
      symlinkSync(witness, join(root, 'link'));
      rmSync(join(root, 'app', '.gitmodules'));
      symlinkSync(witness, join(root, 'app', '.gitmodules'));
      rmSync(src, { recursive: true });
      mkdirSync(src);
      git('app', 'add', '.gitmodules');
      await assert.rejects(fill(committed('app'), { submodules: 'top' }));
    });
  });

  describe('with a depth', () => {
    it('has so much history and no more, of a commit that newer ones stand on', async () => {
      commit('app', { a: 'one\n' });
      const second = commit('app', { a: 'two\n' });
      git('app', 'tag', 'v1');
      const third = commit('app', { a: 'three\n' });
      commit('app', { a: 'four\n' });

      await fill(third, { depth: 2 });

      assert.equal(read('a'), 'three\n');
      assert.equal(git('src', 'log', '--format=%H'), `${third}\n${second}`);
      assert.equal(git('src', 'status', '--porcelain'), '');
      assert.equal(git('src', 'tag'), '');
    });

    it('cuts no history off for those that want all of it', async () => {
      const first = commit('app', { a: 'one\n' });
      const second = commit('app', { a: 'two\n' });
      await fill(second, { depth: 1 });
      rmSync(src, { recursive: true });
      mkdirSync(src);

      await fill(second);

      assert.equal(git('src', 'log', '--format=%H'), `${second}\n${first}`);
    });
  });

  describe('with git LFS', () => {
    it('leaves pointers where nobody asks for the files', async () => {
      const oid = `sha256:${'0'.repeat(64)}`;
      const pointer = `version https://git-lfs.github.com/spec/v1\noid ${oid}\nsize 1\n`;
      const files = { '.gitattributes': '*.bin filter=lfs -text\n', 'a.bin': pointer };

      await fill(commit('app', files));

      assert.equal(read('a.bin'), pointer);
    });

    it('has the files, from the repository and from nowhere that its own file names', async function () {
      needs(this, 'lfs');
      commit('app', { '.gitattributes': '*.bin filter=lfs -text\n' });
      git('app', 'lfs', 'install', '--local');
      git('app', 'config', '-f', '.lfsconfig', 'lfs.url', 'https://git.invalid/elsewhere');

      await fill(commit('app', { 'a.bin': 'large\n' }), { lfs: true });

      assert.equal(read('a.bin'), 'large\n');
    });
  });
});
