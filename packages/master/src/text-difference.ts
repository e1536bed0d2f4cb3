import { createTwoFilesPatch } from 'diff';

/** Texts by the names of their files, with the name that a difference has for all of them. */
export interface NamedTexts {
  readonly name: string;
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * A unified difference, file by file; empty where there is none, null where it takes longer than so
 * many milliseconds: the texts have less in common than can be found out.
 */
export function differenceOfTexts(
  from: NamedTexts,
  to: NamedTexts,
  timeoutMs: number,
): string | null {
  const deadline = performance.now() + timeoutMs;
  const parts: string[] = [];
  for (const name of new Set([...from.texts.keys(), ...to.texts.keys()])) {
    const [was, is] = [from.texts.get(name), to.texts.get(name)];
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
