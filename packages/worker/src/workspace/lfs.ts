import { pathToFileURL } from 'node:url';
import type { Remote } from './remote.ts';

/**
 * Variables by which git has the files fetched that a commit points at. The address is ours: what the
 * repository's own `.lfsconfig` says of it counts for less.
 */
export function lfsEnvironment(url: string): Record<string, string> {
  const settings = [
    ['filter.lfs.process', 'git-lfs filter-process'],
    ['filter.lfs.smudge', 'git-lfs smudge -- %f'],
    ['filter.lfs.required', 'true'],
    ['lfs.url', url],
    // A local repository is looked for here, and nowhere else.
    ['remote.origin.url', url],
  ] as const;
  const variables = settings.flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(variables) };
}

/** Where the files of a repository are, by the convention of git LFS. */
export function lfsUrlOf({ url, transport }: Remote): string {
  if (transport === 'file') return pathToFileURL(url).href;
  if (transport === 'ssh') return url;
  const plain = url.replace(/\/+$/, '');
  return `${plain.endsWith('.git') ? plain : `${plain}.git`}/info/lfs`;
}
