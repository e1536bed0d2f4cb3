import type { FarmFiles } from '@weir/protocol';
import { differenceOfTexts } from '../text-difference.ts';
import type { NamedTexts } from '../text-difference.ts';

/** Texts that have less in common than can be found out in so long are not compared. */
const timeoutMs = 1_000;

/** A farm file with the name that the difference has for it. */
export interface NamedFiles {
  readonly name: string;
  readonly files: FarmFiles;
}

/** A unified difference, file by file; empty where there is none, null where it takes too long. */
export function differenceOf(from: NamedFiles, to: NamedFiles): string | null {
  return differenceOfTexts(textsOf(from), textsOf(to), timeoutMs);
}

function textsOf({ name, files }: NamedFiles): NamedTexts {
  return { name, texts: textsByName(files) };
}

/** The farm file itself is one file, however it was called where it came from. */
function textsByName({ text, included }: FarmFiles): Map<string, string> {
  return new Map([['farm file', text], ...included.map((each) => [each.path, each.text] as const)]);
}
