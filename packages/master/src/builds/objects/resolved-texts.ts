import { buffer } from 'node:stream/consumers';
import { maxResolvedBytes } from '@weir/protocol';
import { differenceOfTexts } from '../../text-difference.ts';
import type { ObjectStore } from './object-store.ts';
import { ObjectsAwayError } from './object-store.ts';

/** A file in which a step left what its dependencies came to, as far as its bytes are kept. */
export interface KeptFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** All that one build kept. */
export interface KeptFiles {
  /** What a difference calls the build. */
  readonly name: string;
  readonly files: readonly KeptFile[];
}

export interface ResolvedDifference {
  /** Unified; null where it can't be shown. */
  readonly text: string | null;
  /** Why it can't, or that it is cut; else blank. */
  readonly because: string;
}

/** By their paths; a text says why there are none. */
type Texts = ReadonlyMap<string, string> | string;

/** It is made by the thread that serves all pages. */
const timeoutMs = 300;
const maxLines = 500;
const maxLine = 300;
/** A page asks again whenever something of its build happens. */
const maxKept = 50;

/** Compares what the dependencies of two builds came to, in files that workers brought: they are hostile. */
export class ResolvedTexts {
  readonly #objects: Pick<ObjectStore, 'bytesOf' | 'read'>;
  /** Those asked for last are at the end. */
  readonly #differences = new Map<string, ResolvedDifference>();

  constructor(objects: Pick<ObjectStore, 'bytesOf' | 'read'>) {
    this.#objects = objects;
  }

  async difference(from: KeptFiles, to: KeptFiles): Promise<ResolvedDifference> {
    const key = JSON.stringify([from, to]);
    const known = this.#differences.get(key) ?? (await this.#compare(from, to));
    this.#differences.delete(key);
    // What is on its way may come yet.
    if (known.text !== null) this.#differences.set(key, known);
    const [oldest] = this.#differences.keys();
    if (this.#differences.size > maxKept && oldest !== undefined) this.#differences.delete(oldest);
    return known;
  }

  async #compare(from: KeptFiles, to: KeptFiles): Promise<ResolvedDifference> {
    let was: Texts;
    let is: Texts;
    try {
      was = await this.#textsOf(from);
      is = await this.#textsOf(to);
    } catch (error) {
      if (!(error instanceof ObjectsAwayError)) throw error;
      return { text: null, because: error.message };
    }
    if (typeof was === 'string') return { text: null, because: was };
    if (typeof is === 'string') return { text: null, because: is };
    const [before, after] = [
      { name: from.name, texts: was },
      { name: to.name, texts: is },
    ] as const;
    const patch = differenceOfTexts(before, after, timeoutMs);
    if (patch === null) return { text: null, because: 'they have too little in common' };
    return cut(patch);
  }

  /** @throws ObjectsAwayError */
  async #textsOf({ name, files }: KeptFiles): Promise<Texts> {
    const texts = new Map<string, string>();
    for (const { path, sha256, bytes } of files) {
      const held = bytes === 0 ? 0 : await this.#objects.bytesOf(sha256);
      if (held === undefined) return `the bytes of ${path} of ${name} are not here`;
      if (held !== bytes || held > maxResolvedBytes) {
        return `${path} of ${name} is not as it was told`;
      }
      const range = { from: 0, to: held };
      const content =
        held === 0 ? Buffer.alloc(0) : await buffer(await this.#objects.read(sha256, range));
      texts.set(path, textOf(content, sha256));
    }
    return texts;
  }
}

/** What is no text is shown by its hash. */
function textOf(content: Buffer, sha256: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    if (!text.includes('\0')) return text;
  } catch {
    // It is no UTF-8.
  }
  return `(no text, SHA-256 ${sha256})\n`;
}

function cut(patch: string): ResolvedDifference {
  const lines = patch.split('\n');
  const text = lines
    .slice(0, maxLines)
    .map((line) => (line.length > maxLine ? `${line.slice(0, maxLine - 1)}…` : line))
    .join('\n');
  const rest = lines.length - maxLines;
  return { text, because: rest > 0 ? `${rest} more lines are not shown` : '' };
}
