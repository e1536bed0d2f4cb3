import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { Pack } from 'tar';
import type { WriteEntry } from 'tar';

/** What a packed folder came to. */
export interface Packed {
  readonly sha256: string;
  readonly bytes: number;
  /** Of all files together, before packing. */
  readonly unpackedBytes: number;
  readonly files: number;
}

/** A folder that can't become an artifact, with the place and the reason. */
export class PackError extends Error {
  override readonly name = 'PackError';
}

/** All files are of this time: 2000-01-01, which every tool takes for a time. */
const fileTime = new Date(Date.UTC(2000, 0, 1));
const maxFiles = 1_000_000;
/** About as fast as a disk writes. Another level would give another hash. */
const level = 3;

/**
 * Packs a folder into a file (tar, then zstd) so that equal folders give equal bytes: paths in the
 * order of their UTF-8, one time for all, no owners, of the modes only whether a file is executable,
 * and each hard link as a file of its own. An absolute link into the folder becomes a relative one.
 *
 * @param inner the path at which the folder lies for the programs in it
 * @throws PackError for a link that leads out, a device, or a name that is no UTF-8
 */
export async function packFolder(
  dir: string,
  file: string,
  { inner, signal }: { inner: string; signal: AbortSignal },
): Promise<Packed> {
  const paths = await pathsBelow(dir, signal);
  const hash = createHash('sha256');
  let bytes = 0;
  let unpackedBytes = 0;
  const tar = new PassThrough();
  const pack = new Pack({
    cwd: dir,
    portable: true,
    strict: true,
    mtime: fileTime,
    noDirRecurse: true,
    filter(_path, stat) {
      normalise(stat as Stats);
      unpackedBytes += (stat as Stats).isFile() ? stat.size : 0;
      return true;
    },
    onWriteEntry(entry) {
      try {
        keepLinkWithin(entry, [inner, dir]);
      } catch (error) {
        tar.destroy(error as Error);
      }
    },
  });
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  pack.on('error', (error) => tar.destroy(error as Error));
  pack.pipe(tar);
  for (const path of paths) pack.add(path);
  pack.end();
  const written = createWriteStream(file, { mode: 0o600, flush: true });
  const zstd = createZstdCompress({ params });
  await Promise.all([feed(tar, zstd), pipeline(zstd, measure, written, { signal })]);
  return { sha256: hash.digest('hex'), bytes, unpackedBytes, files: paths.length };
}

/** Brings the end apart from the last bytes: whether both come at once shows in what zstd writes. */
async function feed(tar: Readable, zstd: Writable): Promise<void> {
  try {
    for await (const chunk of tar) {
      await new Promise<void>((resolve, reject) => {
        zstd.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
    zstd.end();
  } catch (error) {
    zstd.destroy(error as Error);
  }
}

/** Every path below the folder, sorted; a folder stands before what is in it. */
async function pathsBelow(dir: string, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  const open = [''];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    signal.throwIfAborted();
    for (const entry of await readdir(join(dir, parent), { withFileTypes: true })) {
      const path = parent === '' ? entry.name : `${parent}/${entry.name}`;
      if (path.includes('\uFFFD')) throw new PackError(`the name of ${path} is no UTF-8`);
      if (entry.isDirectory()) open.push(path);
      else if (!entry.isFile() && !entry.isSymbolicLink()) {
        throw new PackError(`${path} is neither a file, a folder nor a link`);
      }
      if (found.push(path) > maxFiles) throw new PackError(`it holds more than ${maxFiles} files`);
    }
  }
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function normalise(stat: Stats): void {
  const isProgram = stat.isDirectory() || (stat.mode & 0o100) !== 0;
  stat.mode = (stat.mode & ~0o7777) | (isProgram ? 0o755 : 0o644);
  stat.nlink = 1;
}

/** @throws PackError for a link that leads out of the folder */
function keepLinkWithin(entry: WriteEntry, roots: readonly string[]): void {
  const { linkpath } = entry;
  if (entry.type !== 'SymbolicLink' || linkpath === undefined) return;
  const root = roots.find((path) => linkpath === path || linkpath.startsWith(`${path}/`));
  const from = dirname(entry.path);
  const within = root === undefined ? linkpath : relative(from, relative(root, linkpath)) || '.';
  const target = normalize(join(from, within));
  if (isAbsolute(within) || target === '..' || target.startsWith('../')) {
    throw new PackError(`${entry.path} is a link out of it, to ${linkpath}`);
  }
  entry.linkpath = within;
}
