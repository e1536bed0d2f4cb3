import { dirname, posix, relative } from 'node:path';
import type { FarmFiles } from '@weir/protocol';

/** The text of the farm file and of each file that it includes, by path; the farm file is first. */
export type FarmTexts = ReadonlyMap<string, string>;

/** As they are sent and kept: what is included is named from the farm file's folder. */
export function filesOf(texts: FarmTexts): FarmFiles {
  const [[path, text] = ['', ''], ...included] = texts;
  const folder = dirname(path);
  return {
    path,
    text,
    included: included.map(([its, each]) => ({ path: relative(folder, its), text: each })),
  };
}

/** Their texts by the paths that errors name. */
export function textsOf({ path, text, included }: FarmFiles): FarmTexts {
  const folder = posix.dirname(path);
  return new Map([
    [path, text],
    ...included.map((each) => [posix.join(folder, each.path), each.text] as const),
  ]);
}

/** All of them as one text, by which versions are told apart and compared. */
export function wholeText({ text, included }: FarmFiles): string {
  return [text, ...included.map((each) => `# --- ${each.path} ---\n${each.text}`)].join('\n');
}
