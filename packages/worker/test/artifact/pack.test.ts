import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Header } from 'tar';
import { PackError, packFolder } from '../../src/artifact/pack.ts';
import { UnpackError, unpackInto } from '../../src/artifact/unpack.ts';

const signal = new AbortController().signal;
const limits = { bytes: 10_000_000, files: 1_000 };

describe('an artifact', () => {
  let root: string;
  let dir: string;
  let file: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'weir-artifact-'));
    dir = join(root, 'runtime');
    file = join(root, 'artifact.tar.zst');
    mkdirSync(dir);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function pack(from = dir, to = file): ReturnType<typeof packFolder> {
    return packFolder(from, to, { inner: '/weir/runtime', signal });
  }

  /** An archive with these entries, whatever they are. */
  function craft(...entries: Record<string, unknown>[]): void {
    const blocks = entries.map((entry) => {
      const block = Buffer.alloc(512);
      new Header({ mode: 0o644, size: 0, type: 'File', ...entry }).encode(block);
      return block;
    });
    writeFileSync(file, zstdCompressSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  }

  async function refusal(): Promise<string> {
    const out = join(root, 'out', 'folder');
    const error = await unpackInto(file, out, limits, signal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof UnpackError, String(error));
    assert.deepEqual(readdirSync(join(root, 'out')), ['folder'], 'nothing is outside');
    return error.message;
  }

  it('comes back as it was, and is what its hash says', async () => {
    mkdirSync(join(dir, 'bin'));
    mkdirSync(join(dir, 'empty'));
    const bytes = randomBytes(300_000);
    writeFileSync(join(dir, 'bin', 'lua'), bytes, { mode: 0o700 });
    writeFileSync(join(dir, `${'long-'.repeat(40)}näme`), 'text', { mode: 0o600 });
    symlinkSync('bin/lua', join(dir, 'lua'));
    symlinkSync('/weir/runtime/bin/lua', join(dir, 'bin', 'lua5'));
    linkSync(join(dir, 'bin', 'lua'), join(dir, 'bin', 'luac'));

    const packed = await pack();
    const out = join(root, 'out');
    await unpackInto(file, out, limits, signal);

    assert.equal(packed.sha256, createHash('sha256').update(readFileSync(file)).digest('hex'));
    assert.equal(packed.bytes, lstatSync(file).size);
    assert.deepEqual([packed.unpackedBytes, packed.files], [600_004, 7]);
    assert.deepEqual(readFileSync(join(out, 'lua')), bytes);
    assert.deepEqual(readFileSync(join(out, 'bin', 'luac')), bytes);
    assert.equal(readlinkSync(join(out, 'bin', 'lua5')), 'lua');
    assert.equal(lstatSync(join(out, 'bin', 'lua')).mode & 0o777, 0o755);
    assert.equal(lstatSync(join(out, `${'long-'.repeat(40)}näme`)).mode & 0o777, 0o644);
    assert.ok(existsSync(join(out, 'empty')));
    const input = zstdDecompressSync(readFileSync(file));
    assert.match(execFileSync('tar', ['-t'], { input }).toString(), /^bin\/$/m);
  });

  it('has one hash, whenever, by whom and in which order its files were written', async () => {
    const other = join(root, 'other');
    mkdirSync(other);
    const names = ['b', 'a', 'a.b', 'ä', 'a/'];
    for (const [place, order] of [
      [dir, names],
      [other, names.toReversed()],
    ] as const) {
      for (const name of order) {
        if (name === 'a/') mkdirSync(join(place, 'c'), { recursive: true });
        else writeFileSync(join(place, name), name);
      }
    }
    chmodSync(join(other, 'a'), 0o640);
    utimesSync(join(other, 'b'), 1, 1);

    assert.equal((await pack()).sha256, (await pack(other, join(root, '2'))).sha256);
  });

  it('has one hash, however fast what it is made of comes', async () => {
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin', 'lang'), 'echo "$1"\n', { mode: 0o755 });
    const hashes = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const packed = Array.from({ length: 10 }, (_, n) => pack(dir, join(root, `${n}`)));
      for (const { sha256 } of await Promise.all(packed)) hashes.add(sha256);
    }

    assert.equal(hashes.size, 1);
  });

  for (const [what, make, message] of [
    [
      'a link out',
      (): void => symlinkSync('/usr/bin/env', join(dir, 'env')),
      /^env is a link out of it, to \/usr\/bin\/env$/,
    ],
    [
      'a link above',
      (): void => symlinkSync('x/../../y', join(dir, 'up')),
      /^up is a link out of it/,
    ],
    [
      'a named pipe',
      (): void => void execFileSync('mkfifo', [join(dir, 'pipe')]),
      /^pipe is neither a file, a folder nor a link$/,
    ],
  ] as const) {
    it(`is not made of ${what}`, async () => {
      make();
      await assert.rejects(pack(), (error) => {
        assert.ok(error instanceof PackError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }

  for (const [what, entries, message] of [
    ['an absolute path', [{ path: '/etc/evil' }], /absolute path/],
    ['a path above', [{ path: '../evil' }], /contains '\.\.'/],
    ['an absolute link', [{ path: 'l', type: 'SymbolicLink', linkpath: '/etc' }], /absolute/],
    ['a link above', [{ path: 'l', type: 'SymbolicLink', linkpath: '../..' }], /escapes/],
    [
      'a path through a link',
      [
        { path: 'd/', type: 'Directory' },
        { path: 'l', type: 'SymbolicLink', linkpath: 'd' },
        { path: 'l/f' },
      ],
      /symlink/i,
    ],
    ['a hard link', [{ path: 'l', type: 'Link', linkpath: 'x' }], /^l: a Link, which/],
    ['a device', [{ path: 'd', type: 'CharacterDevice' }], /^d: a CharacterDevice/],
    ['a file too large', [{ path: 'f', size: 10_000_001 }], /^f: over 10000000 bytes/],
    [
      'too many files',
      Array.from({ length: 1_001 }, (_, n) => ({ path: `f${n}` })),
      /more than 1000 files/,
    ],
  ] as const) {
    it(`is not unpacked with ${what}`, async () => {
      craft(...entries);
      assert.match(await refusal(), message);
    });
  }

  it('is not unpacked when it is cut off, or no archive', async () => {
    writeFileSync(join(dir, 'f'), randomBytes(100_000));
    await pack();
    const whole = readFileSync(file);
    for (const bytes of [whole.subarray(0, 50_000), Buffer.from('no archive'), Buffer.alloc(0)]) {
      writeFileSync(file, bytes);
      await refusal();
    }
  });
});
