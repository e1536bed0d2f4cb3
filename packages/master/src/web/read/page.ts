import { problem } from '../server/problems.ts';

/** One page of a list. `next` is null on the last one. */
export interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** How much of a list is wanted, and after what. */
export interface PageAsk {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export const defaultLimit = 50;
export const maxLimit = 200;

/** The place after which the next page goes on: numbers or names, as the list's order has them. */
export type Key = readonly (number | string)[];

export function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** @throws ProblemError when the cursor is none of a list with such keys */
export function decodeCursor<const T extends readonly ('number' | 'string')[]>(
  cursor: string | undefined,
  shape: T,
): { -readonly [I in keyof T]: T[I] extends 'number' ? number : string } | null {
  if (cursor === undefined) return null;
  const key = parse(cursor);
  if (!Array.isArray(key) || key.length !== shape.length) throw badCursor(cursor);
  for (const [at, type] of shape.entries()) {
    // SQLite takes no other numbers: a fraction or 1e300 would be an error there.
    const isSound = type === 'number' ? Number.isSafeInteger(key[at]) : typeof key[at] === 'string';
    if (!isSound) throw badCursor(cursor);
  }
  return key as { -readonly [I in keyof T]: T[I] extends 'number' ? number : string };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function badCursor(cursor: string): Error {
  return problem('bad-cursor', `'${cursor.slice(0, 40)}' is no cursor of this list`);
}

/** Cuts what was read with a limit of one more into a page. */
export function toPage<T>(rows: readonly T[], limit: number, keyOf: (row: T) => Key): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return { items, next: isLast ? null : encodeCursor(keyOf(last)) };
}
