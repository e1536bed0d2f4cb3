import { isInsecure } from '../farm/insecure.ts';

/** Stands before `reproduceCommands`. */
export const reproduceNeeds = 'With Node 24.15 or newer, git and bubblewrap, in an empty folder:';

/**
 * The commands that run a build again on one's own machine, where nothing of Weir is yet.
 *
 * @param url where the farm's pages are, without a slash at the end
 */
export function reproduceCommands(url: string, build: number): string[] {
  const page = shellWord(`${url}/builds/${build}`);
  const insecure = isInsecure(url) ? ' --insecure' : '';
  return [
    `curl -fO ${shellWord(`${url}/weir-worker.mjs`)}`,
    `node weir-worker.mjs reproduce ${page}${insecure}`,
  ];
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
