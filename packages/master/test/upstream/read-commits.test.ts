import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Mirrored } from './mirrored.ts';
import type { Origin } from './origin.ts';

describe('commits, as they are read', () => {
  let mirrored: Mirrored;
  let origin: Origin;

  beforeEach(() => {
    mirrored = new Mirrored();
    origin = mirrored.origin;
  });
  afterEach(() => mirrored[Symbol.dispose]());

  it('who wrote a commit, when, and what it says', async () => {
    const hash = origin.commit({
      author: 'Zoë Müller <zoe@example.org>',
      message: 'Parse numbers\n\nAll of them.\n',
      at: 1_700_000_123,
    });

    assert.deepEqual(await mirrored.follow(), [
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
    const mirror = await mirrored.open();

    const commits = await mirrored.follow(mirror);

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
    const mirror = await mirrored.open();
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

    const commits = await mirrored.follow();

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
    const mirror = await mirrored.open();
    for (const hash of hashes) {
      origin.git('update-ref', 'refs/heads/main', hash);

      const [commit] = await mirrored.follow(mirror);

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

    const [commit] = await mirrored.follow();

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

    const [commit] = await mirrored.follow();

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

    const commits = await mirrored.follow();

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

    const commits = await mirrored.follow();

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
