import { once } from 'node:events';
import { createReadStream, mkdirSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { Unpack } from 'tar';

/** An archive that is not unpacked, with the place and the reason. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
}

export interface UnpackLimits {
  /** Of all files together. */
  readonly bytes: number;
  readonly files: number;
}

const types = new Set(['Directory', 'File', 'SymbolicLink']);
const maxDepth = 200;

/**
 * Unpacks an artifact into a new folder. Nothing is written outside of it and no link in it leads
 * out: absolute paths, `..`, paths through links, hard links and devices are errors, not skipped.
 *
 * @throws UnpackError when the archive holds such, is broken, or is over a limit
 */
export async function unpackInto(
  file: string,
  dir: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const left = { ...limits };
  const unpack = new Unpack({
    cwd: dir,
    strict: true,
    preserveOwner: false,
    maxDepth,
    filter(path, entry) {
      const type = 'type' in entry ? entry.type : '';
      if (!types.has(type)) throw new UnpackError(`${path}: a ${type}, which no artifact holds`);
      left.files -= 1;
      left.bytes -= entry.size;
      if (left.files < 0) throw new UnpackError(`it holds more than ${limits.files} files`);
      if (left.bytes < 0) throw new UnpackError(`${path}: over ${limits.bytes} bytes unpacked`);
      return true;
    },
  });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  unpack.on('error', (error: Error) => failed.reject(asUnpackError(error)));
  const ended = once(unpack, 'end');
  ended.catch(() => {});
  const write = async (tar: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of tar) {
      if (!unpack.write(chunk)) await Promise.race([once(unpack, 'drain'), failed.promise]);
    }
    unpack.end();
    await Promise.race([ended, failed.promise]);
  };
  try {
    await pipeline(createReadStream(file), createZstdDecompress(), write, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw asUnpackError(error);
  }
}

function asUnpackError(error: unknown): Error {
  if (error instanceof UnpackError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new UnpackError(text, { cause: error });
}
