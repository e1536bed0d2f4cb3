import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectPath } from '@weir/protocol';
import type { ResolvedFile } from '@weir/protocol';
import { downloadObject } from '../artifact/download.ts';
import type { RecordedFile } from '../resolved/put-in-place.ts';
import type { Difference } from './compare.ts';
import { hasObject } from './farm-build.ts';
import type { FarmBuild } from './farm-build.ts';
import type { Here } from './run-here.ts';
import { pathsHere } from './run-here.ts';

type FarmFile = NonNullable<FarmBuild['resolved']>['files'][number];
/** What each step left here, by its index. */
export type ResolvedHere = ReadonlyMap<number, readonly ResolvedFile[]>;

/** So many lines are named of those that are not the same. */
const maxLines = 3;
const maxLine = 100;

/** What the farm recorded of a build's dependencies, fetched, by the step that left it. */
export async function fetchRecorded(
  { dataDir, farm, signal }: Here,
  { resolved }: FarmBuild,
): Promise<ReadonlyMap<number, readonly RecordedFile[]>> {
  const recorded = new Map<number, RecordedFile[]>();
  const dir = join(dataDir, 'resolved');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const { step, path, sha256, bytes } of resolved?.files ?? []) {
    if (sha256 === null || bytes === null) continue;
    const file = join(dir, sha256);
    const place = { farm, signal };
    if (bytes > 0 && !(await hasObject(place, objectPath(sha256)))) continue;
    await downloadObject(place, file, { sha256, bytes });
    recorded.set(step, [...(recorded.get(step) ?? []), { path, file }]);
  }
  return recorded;
}

/** How what the dependencies came to here differs from what they came to on the farm. */
export function differencesOfDependencies(
  here: Here,
  { id, resolved }: FarmBuild,
  own: ResolvedHere,
): Difference[] {
  return (resolved?.files ?? []).flatMap((there): Difference[] => {
    const about = there.path;
    if (there.sha256 === null) {
      return [
        {
          about,
          text: `was not recorded on the farm (${there.text}): what it was there can't be replayed`,
        },
      ];
    }
    const found = ownOf(there, own);
    if (found?.object?.sha256 === there.sha256) return [];
    const known = join(here.dataDir, 'resolved', there.sha256);
    const was = linesOf(known);
    if (found === undefined || found.object === null) {
      return [{ about, text: `was not left here${found === undefined ? '' : `: ${found.text}`}` }];
    }
    if (was === null) {
      return [
        {
          about,
          text: 'is another here; the farm has what it was no more, and it could not be put in place',
        },
      ];
    }
    const is = linesOf(join(pathsHere(here, id).objects, found.object.sha256)) ?? new Set();
    return [
      { about, text: `came to something else, though it was put in place: ${inWords(was, is)}` },
    ];
  });
}

/** Whether a step left here all that it left on the farm, and it is known what that was. */
export function hasSameDependencies(
  { resolved }: FarmBuild,
  index: number,
  own: ResolvedHere,
): boolean {
  const files = (resolved?.files ?? []).filter(({ step }) => step === index);
  return (
    files.length > 0 &&
    files.every(
      (there) => there.sha256 !== null && ownOf(there, own)?.object?.sha256 === there.sha256,
    )
  );
}

function ownOf({ step, path }: FarmFile, own: ResolvedHere): ResolvedFile | undefined {
  return own.get(step)?.find((file) => file.path === path);
}

/** Null when there is no such file. */
function linesOf(file: string): ReadonlySet<string> | null {
  try {
    return new Set(readFileSync(file, 'utf8').split('\n'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** `there beta 2.1; here beta 2.2, delta 1` */
function inWords(was: ReadonlySet<string>, is: ReadonlySet<string>): string {
  const sides = [
    ['there', was.difference(is)],
    ['here', is.difference(was)],
  ] as const;
  const words = sides.flatMap(([side, lines]) => {
    const all = [...lines]
      .map((line) => line.trim().slice(0, maxLine))
      .filter((line) => line !== '');
    const rest = all.length - maxLines;
    const more = rest > 0 ? ` and ${rest} more` : '';
    return all.length === 0 ? [] : [`${side} ${all.slice(0, maxLines).join(', ')}${more}`];
  });
  return words.length === 0 ? 'its lines are in another order' : words.join('; ');
}
