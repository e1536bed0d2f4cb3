import { closeSync, globSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { TextDecoder } from 'node:util';
import { ReportError } from './tally.ts';

const maxFiles = 20_000;
const pieceBytes = 64 * 1024;

/**
 * The files of a report, sorted, by their paths below the workspace. Only plain files within it: what
 * a step left there may point anywhere.
 *
 * @throws ReportError when there is none, or there are too many
 */
export function reportFiles(workspace: string, globs: readonly string[]): string[] {
  const root = realpathSync(workspace);
  const found = new Set<string>();
  let refused: string | null = null;
  for (const glob of globs) {
    for (const path of globSync(glob, { cwd: root })) {
      const why = whyUnread(root, path);
      if (why === null) found.add(path);
      else refused ??= `${path.slice(0, 200)} ${why}`;
      if (found.size > maxFiles) {
        throw new ReportError('capped', `it has more than ${maxFiles} files`);
      }
    }
  }
  if (found.size === 0) {
    throw new ReportError('missing', refused ?? `no file is called ${globs.join(', ')}`);
  }
  return [...found].toSorted();
}

/** Null: it is a plain file of the workspace. */
function whyUnread(root: string, path: string): string | null {
  const full = join(root, path);
  const within = relative(root, full);
  if (within.startsWith('..') || isAbsolute(within)) return 'is outside of the workspace';
  try {
    const found = lstatSync(full);
    if (found.isSymbolicLink()) return 'is a link, and links are not followed';
    if (found.isDirectory()) return 'is a folder, and no file';
    if (!found.isFile()) return 'is a pipe, a socket or a device, and no file';
    const isReached = realpathSync(full) === root + sep + within;
    return isReached ? null : 'is reached by a link, and links are not followed';
  } catch (error) {
    return `can't be looked at: ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** What may still be read of a report, in bytes, over all of its files. */
export interface Budget {
  bytes: number;
}

/** The bytes of a file in pieces, each good until the next is asked for. */
export function* bytesOfFile(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    yield* piecesOf(file);
  } finally {
    closeSync(file);
  }
}

function* piecesOf(file: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (;;) {
    const length = readSync(file, buffer, 0, buffer.length, null);
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

/** The same pieces. @throws ReportError when they are more than the budget has left */
export function* metered(pieces: Iterable<Buffer>, budget: Budget): Generator<Buffer> {
  for (const piece of pieces) {
    budget.bytes -= piece.length;
    if (budget.bytes < 0) throw new ReportError('capped', 'it is too large to be read');
    yield piece;
  }
}

/** Text from bytes: by their byte order mark, else by what their XML declaration says, else UTF-8. */
export function* decode(pieces: Iterable<Buffer>): Generator<string> {
  let decoder: TextDecoder | null = null;
  for (const piece of pieces) {
    decoder ??= decoderFor(piece);
    yield decoder.decode(piece, { stream: true });
  }
  if (decoder !== null) yield decoder.decode();
}

function decoderFor(head: Buffer): TextDecoder {
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder('utf-16le');
  if (head[0] === 0xfe && head[1] === 0xff) return new TextDecoder('utf-16be');
  const declared = /^<\?xml[^>]*\bencoding=["']([\w-]+)["']/.exec(head.toString('latin1', 0, 200));
  try {
    return new TextDecoder(declared?.[1] ?? 'utf-8');
  } catch {
    return new TextDecoder('utf-8');
  }
}
