import type { FarmFiles } from '@weir/protocol';
import { createTwoFilesPatch } from 'diff';

/** Texts that have less in common than can be found out in so long are not compared. */
const timeoutMs = 1_000;

/** A farm file with the name that the difference has for it. */
export interface NamedFiles {
  readonly name: string;
  readonly files: FarmFiles;
}

/** A unified difference, file by file; empty where there is none, null where it takes too long. */
export function differenceOf(from: NamedFiles, to: NamedFiles): string | null {
  const [before, after] = [textsByName(from.files), textsByName(to.files)];
  const deadline = performance.now() + timeoutMs;
  const parts: string[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) continue;
    const patch = createTwoFilesPatch(
      was === undefined ? '/dev/null' : `${name} (${from.name})`,
      is === undefined ? '/dev/null' : `${name} (${to.name})`,
      was ?? '',
      is ?? '',
      undefined,
      undefined,
      { context: 3, timeout: Math.max(1, deadline - performance.now()) },
    );
    if (patch === undefined) return null;
    // The line above the names says nothing more.
    parts.push(patch.replace(/^=+\n/, ''));
  }
  return parts.join('');
}

/** The farm file itself is one file, however it was called where it came from. */
function textsByName({ text, included }: FarmFiles): Map<string, string> {
  return new Map([['farm file', text], ...included.map((each) => [each.path, each.text] as const)]);
}
