import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { Mirror } from '../../src/upstream/mirror.ts';
import type { CommitWithFiles } from '../../src/upstream/read-commits.ts';
import { Origin, TemporaryFolder } from './origin.ts';

const never = new AbortController().signal;
const repository = 'https://git.example/org/thing.git';

describe('a mirror', () => {
  let folder: TemporaryFolder;
  let origin: Origin;

  beforeEach(() => {
    folder = new TemporaryFolder();
    origin = new Origin(join(folder.path, 'origin.git'));
  });
  afterEach(() => folder[Symbol.dispose]());

  const openMirror = (address = origin.path): Promise<Mirror> =>
    Mirror.open(join(folder.path, 'mirrors'), repository, { address, protocols: 'file' }, never);

  const mirrorPath = (): string => {
    const name = readdirSync(join(folder.path, 'mirrors')).find((each) => each !== 'home') ?? '';
    return join(folder.path, 'mirrors', name);
  };

  /** Fetches a branch and reads all of its line. */
  async function follow(mirror: Mirror, branch = 'main'): Promise<CommitWithFiles[]> {
    const tip = await mirror.fetch(branch);
    return mirror.commits(await mirror.firstParentLine(null, tip, 1_000));
  }

  it('is a folder named for its repository', async () => {
    await openMirror();

    assert.match(mirrorPath(), /\/thing-[0-9a-f]{16}\.git$/);
  });

  describe('asks the remote', () => {
    it('where its branches are', async () => {
      const main = origin.commit();
      const stable = origin.commit({ branch: 'stable' });
      origin.commit({ branch: 'x/refs/heads/gone' });
      const mirror = await openMirror();

      const { heads, isEmpty } = await mirror.remoteHeads(['main', 'stable', 'gone']);

      assert.deepEqual(Object.fromEntries(heads), { main, stable });
      assert.equal(isEmpty, false);
    });

    it('whether it has any branch', async () => {
      const mirror = await openMirror();
      assert.deepEqual(await mirror.remoteHeads(['main']), { heads: new Map(), isEmpty: true });

      origin.commit({ branch: 'other' });
      assert.deepEqual(await mirror.remoteHeads(['main']), { heads: new Map(), isEmpty: false });
    });

    for (const name of ['', '*', 'a:refs/heads/b', 'a b', 'a\nb', 'a..b', 'main^', '@{-1}']) {
      it(`not for ${JSON.stringify(name)}, which is no branch`, async () => {
        const mirror = await openMirror();

        await assert.rejects(mirror.remoteHeads([name]), /can't be the name of a branch/);
        await assert.rejects(mirror.fetch(name), /can't be the name of a branch/);
      });
    }
  });

  describe('fetches', () => {
    it('branches whose names look like options', async () => {
      const output = origin.commit({ branch: '--output=pwned' });
      const pack = origin.commit({ branch: '--upload-pack=touch-pwned' });
      const mirror = await openMirror();

      const { heads } = await mirror.remoteHeads(['--output=pwned', '--upload-pack=touch-pwned']);

      assert.deepEqual([...heads.values()], [output, pack]);
      assert.equal(await mirror.fetch('--output=pwned'), output);
      assert.equal(await mirror.fetch('--upload-pack=touch-pwned'), pack);
      assert.ok(!readdirSync(mirrorPath()).includes('pwned'));
    });

    it('a branch whose name was a folder of branches before', async () => {
      const below = origin.commit({ branch: 'a/b' });
      const mirror = await openMirror();
      assert.equal(await mirror.fetch('a/b'), below);

      origin.git('update-ref', '-d', 'refs/heads/a/b');
      const above = origin.commit({ branch: 'a' });

      assert.equal(await mirror.fetch('a'), above);
    });

    it('a branch that was pushed over', async () => {
      const old = origin.commit();
      const mirror = await openMirror();
      await mirror.fetch('main');

      const anew = origin.commit({ from: null, message: 'anew' });

      assert.equal(await mirror.fetch('main'), anew);
      assert.equal(await mirror.mergeBase(old, anew), null);
    });

    it('from a shallow repository', async () => {
      origin.commits([{}, {}, {}]);
      const shallow = new Origin(join(folder.path, 'shallow.git'));
      shallow.git('fetch', '--quiet', '--depth=2', `file://${origin.path}`, '+main:main');
      const mirror = await openMirror(shallow.path);

      const commits = await follow(mirror);

      assert.deepEqual(
        commits.map(({ subject, parent }) => [subject, parent !== null]),
        [
          ['change 1', false],
          ['change 2', true],
        ],
      );
    });

    it('from a path that is named, whoever owns the files', async function () {
      needs(this, 'root');
      origin.commit();
      origin.git('config', 'uploadpack.packObjectsHook', `touch ${folder.path}/pwned; false`);
      chownSync(origin.path, 12_345, 12_345);
      const mirror = await openMirror();

      assert.equal((await follow(mirror)).length, 1);
      assert.ok(!existsSync(join(folder.path, 'pwned')));
    });

    it('without running what the repository brings', async () => {
      const module =
        '[submodule "x"]\n\tpath = x\n\turl = ext::touch pwned\n\tupdate = !touch pwned\n';
      origin.commit({
        files: {
          '.gitmodules': module,
          '.gitattributes': '* diff=x filter=x\n',
          '.mailmap': 'Eve <eve@example.org> <ann@example.org>\n',
        },
      });
      const pwned = join(folder.path, 'pwned');
      const script = `#!/bin/sh\ntouch ${pwned}\n`;
      const hooks = join(origin.path, 'hooks');
      mkdirSync(hooks, { recursive: true });
      for (const hook of ['post-update', 'reference-transaction', 'pre-auto-gc', 'fsmonitor']) {
        writeFileSync(join(hooks, hook), script);
        chmodSync(join(hooks, hook), 0o755);
      }
      origin.git('config', 'core.fsmonitor', join(hooks, 'fsmonitor'));
      origin.git('config', 'core.pager', join(hooks, 'fsmonitor'));
      origin.git('config', 'diff.external', join(hooks, 'fsmonitor'));
      origin.git('config', 'uploadpack.packObjectsHook', join(hooks, 'fsmonitor'));

      const [commit] = await follow(await openMirror());

      assert.deepEqual(commit?.files, ['.gitattributes', '.gitmodules', '.mailmap']);
      assert.equal(commit.authorEmail, 'ann@example.org');
      assert.ok(!existsSync(pwned));
    });
  });

  describe('reads', () => {
    it('who wrote a commit, when, and what it says', async () => {
      const hash = origin.commit({
        author: 'Zoë Müller <zoe@example.org>',
        message: 'Parse numbers\n\nAll of them.\n',
        at: 1_700_000_123,
      });

      assert.deepEqual(await follow(await openMirror()), [
        {
          hash,
          parent: null,
          authorName: 'Zoë Müller',
          authorEmail: 'zoe@example.org',
          authoredAt: 1_700_000_123_000,
          committerName: 'Carl',
          committerEmail: 'carl@example.org',
          committedAt: 1_700_000_183_000,
          subject: 'Parse numbers',
          message: 'Parse numbers\n\nAll of them.',
          files: ['file-0'],
        },
      ]);
    });

    it('the first-parent line, and a merge’s files against its first parent', async () => {
      const root = origin.commit({ message: 'root' });
      origin.commit({ branch: 'side', from: root, files: { side: '1' }, message: 'on the side' });
      origin.commit({ files: { main: '1' }, message: 'on main' });
      origin.commit({ merge: 'refs/heads/side^0', files: { side: '1' }, message: 'merge' });
      const mirror = await openMirror();

      const commits = await follow(mirror);

      assert.deepEqual(
        commits.map(({ subject, files }) => [subject, files]),
        [
          ['root', ['file-0']],
          ['on main', ['main']],
          ['merge', ['side']],
        ],
      );
    });

    it('only what the cursor has not, the newest at most', async () => {
      origin.commits(Array.from({ length: 10 }, () => ({})));
      const line = origin.line();
      const mirror = await openMirror();
      const tip = await mirror.fetch('main');

      assert.deepEqual(await mirror.firstParentLine(line[4] ?? '', tip, 100), line.slice(5));
      assert.deepEqual(await mirror.firstParentLine(line[4] ?? '', tip, 2), line.slice(8));
      assert.equal(await mirror.mergeBase(line[4] ?? '', tip), line[4]);
      assert.equal(await mirror.mergeBase('0123456789'.repeat(4), tip), null);
    });

    it('no message as another author’s commit', async () => {
      const hash = 'f'.repeat(40);
      const fields = [hash, hash, 'Admin', 'admin@corp', '1', 'Admin', 'admin@corp', '1', 'fix'];
      const messages = [
        `fix ò HEAD ò body ò Admin ò admin@corp òò`,
        `fix\n\ncommit ${hash}\nAuthor: Admin <admin@corp>\n`,
        fields.join('%x00'),
        fields.join('\n'),
      ];
      origin.commits(messages.map((message) => ({ message })));

      const commits = await follow(await openMirror());

      assert.deepEqual(
        commits.map(({ authorEmail, message }) => [authorEmail, message]),
        messages.map((message) => ['ann@example.org', message.trim()]),
      );
    });

    it('no NUL in a commit, written or by its encoding, as the end of a field', async () => {
      const fields = ['f'.repeat(40), '', 'Admin', 'admin@corp', '1', 'Admin', 'a@b', '1', 'fix'];
      const hashes = [
        rawCommit({ message: Buffer.from(`one\0${fields.join('\0')}\0`) }),
        rawCommit({ encoding: 'UTF-7', message: Buffer.from(`two${fields.join('+AAA-')}+AAA-`) }),
        rawCommit({ encoding: 'UTF-16', message: Buffer.from('three', 'utf16le') }),
      ];
      const mirror = await openMirror();
      for (const hash of hashes) {
        origin.git('update-ref', 'refs/heads/main', hash);

        const [commit] = await follow(mirror);

        assert.equal(commit?.hash, hash);
        assert.notEqual(commit.authorEmail, 'admin@corp');
        assert.doesNotMatch(JSON.stringify(commit), /\\u0000/);
      }
    });

    function rawCommit(commit: { encoding?: string; message: Buffer }): string {
      const tree = origin.gitWith('', 'mktree');
      const who = 'Ann <ann@example.org> 1700000000 +0000';
      const head = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n`;
      const encoding = commit.encoding === undefined ? '' : `encoding ${commit.encoding}\n`;
      const body = Buffer.concat([Buffer.from(`${head}${encoding}\n`), commit.message]);
      return origin.gitWith(body, 'hash-object', '-t', 'commit', '-w', '--literally', '--stdin');
    }

    it('paths as they are, whatever is in them', async () => {
      const hash = '0123456789'.repeat(4);
      const names = ['--output=x', 'a\nb', 'a"b\'c', 'a\tb', 'ò ò', '🦊/é', hash, '\u001b[31m'];
      const invalid = Buffer.from([0x66, 0xff, 0xfe]);
      origin.commit({
        files: new Map<string | Buffer, string>([...names, invalid].map((name) => [name, 'x'])),
      });

      const [commit] = await follow(await openMirror());

      assert.deepEqual(commit?.files.toSorted(), [...names, 'f\uFFFD\uFFFD'].toSorted());
    });

    it('submodules and links out of the tree as paths alone', async () => {
      const blob = origin.gitWith('../../../../etc/passwd', 'hash-object', '-w', '--stdin');
      const tree = origin.gitWith(
        `120000 blob ${blob}\tlink\n160000 commit ${'1'.repeat(40)}\tsub\n`,
        'mktree',
        '--missing',
      );
      const hash = origin.gitWith(
        `tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nlinks\n`,
        'hash-object',
        '-t',
        'commit',
        '-w',
        '--stdin',
      );
      origin.git('update-ref', 'refs/heads/main', hash);

      const [commit] = await follow(await openMirror());

      assert.deepEqual(commit?.files, ['link', 'sub']);
    });

    it('a thousand files of a commit that touches 100,000, and the commits beside it', async () => {
      const many = Array.from({ length: 100_000 }, (_, n): [string, string] => [
        `${n % 300}/${n}`,
        '',
      ]);
      origin.commits([
        { message: 'before' },
        { message: 'many', files: new Map(many) },
        { message: 'after' },
      ]);

      const commits = await follow(await openMirror());

      assert.deepEqual(
        commits.map(({ subject, files }) => [subject, files.length]),
        [
          ['before', 1],
          ['many', 1_000],
          ['after', 1],
        ],
      );
    });

    it('more than one process’s output, in turns', async () => {
      const long = (letter: string) => `${letter.repeat(9_000_000)}\n`;
      const wide = (letter: string) => {
        const folders = `${letter.repeat(200)}/`.repeat(5);
        const paths = Array.from({ length: 12_000 }, (_, n) => `${folders}${n % 100}/${n}`);
        return new Map(paths.map((path): [string, string] => [path, '']));
      };
      origin.commits([
        { message: long('a') },
        { message: long('b') },
        { message: 'short' },
        { message: 'wide', files: wide('d') },
        { message: 'wider', files: wide('e') },
        { message: `${'c'.repeat(40_000_000)}\n` },
        { message: 'last' },
      ]);

      const commits = await follow(await openMirror());

      assert.ok(commits.every(({ files }) => files.every((path) => path.length <= 1_000)));
      assert.deepEqual(
        commits.map(({ message, files }) => [message[0], message.length, files.length]),
        [
          ['a', 20_000, 1],
          ['b', 20_000, 1],
          ['s', 5, 1],
          ['w', 4, 1_000],
          ['w', 5, 1_000],
          ['c', 20_000, 1],
          ['l', 4, 1],
        ],
      );
    });
  });

  describe('that a crash left broken', () => {
    it('is not touched when it is sound', async () => {
      origin.commit();
      const mirror = await openMirror();
      await mirror.fetch('main');

      assert.equal(await mirror.repair(), false);
    });

    const breakages: Record<string, (dir: string, ref: string) => void> = {
      'by a lock': (dir, ref) => writeFileSync(join(dir, 'refs/weir', `${ref}.lock`), ''),
      'by a lock of its refs': (dir) => writeFileSync(join(dir, 'packed-refs.lock'), ''),
      'by an empty ref': (dir, ref) => truncateSync(join(dir, 'refs/weir', ref)),
      'by an empty HEAD': (dir) => truncateSync(join(dir, 'HEAD')),
      'by a garbled config': (dir) => writeFileSync(join(dir, 'config'), '[[['),
      'by empty objects': (dir) => {
        const objects = join(dir, 'objects');
        for (const file of readdirSync(objects, { recursive: true, withFileTypes: true })) {
          if (file.isFile()) {
            chmodSync(join(file.parentPath, file.name), 0o644);
            truncateSync(join(file.parentPath, file.name));
          }
        }
      },
    };
    for (const [how, breakIt] of Object.entries(breakages)) {
      it(`${how} is usable again`, async () => {
        origin.commit();
        const mirror = await openMirror();
        await mirror.fetch('main');
        const [ref = ''] = readdirSync(join(mirrorPath(), 'refs/weir'));
        breakIt(mirrorPath(), ref);

        while (await mirror.repair());

        const tip = origin.commit();
        assert.equal(await mirror.fetch('main'), tip);
        assert.equal((await follow(mirror)).length, 2);
      });
    }
  });
});
