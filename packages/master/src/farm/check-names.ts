import type { ErrorList } from './error-list.ts';
import { suggest } from './suggest.ts';
import { quoted, type Located } from './value-type.ts';

/** What names in a farm file may mean, and where errors go. */
export interface Known {
  readonly platforms: ReadonlySet<string>;
  /** `UPSTREAM/TRUNK` to the platforms for which it has a runtime. */
  readonly trunks: ReadonlyMap<string, ReadonlySet<string>>;
  /** Repositories that are served from local paths. */
  readonly remotes: ReadonlySet<string>;
  readonly errors: ErrorList;
}

/** Each of the names must be a known one. */
export function checkNames(
  names: readonly Located<string>[],
  known: ReadonlySetLike<string>,
  what: string,
  path: string,
  errors: ErrorList,
): void {
  // Where the file has none at all, that is reported, and once is enough.
  if (known.size === 0) return;
  for (const { value, at } of names) {
    if (known.has(value)) continue;
    errors.add({
      at,
      path,
      problem: `an unknown ${what}`,
      expected: `one of ${enumerate(known)}`,
      came: quoted(value),
      suggestion: suggest(value, keysOf(known)),
    });
  }
}

/** A few of them, for a message. */
export function enumerate(known: ReadonlySetLike<string>): string {
  const shown = keysOf(known).slice(0, 8).join(', ');
  return known.size > 8 ? `${shown} and ${known.size - 8} others` : shown;
}

function keysOf(known: ReadonlySetLike<string>): string[] {
  return Iterator.from(known.keys()).toArray();
}
