import { createHash } from 'node:crypto';
import { RepositoryError } from './repository-error.ts';

/** Where a mirror keeps the branches that are followed. */
export const refsFolder = 'refs/weir';

/** A name of our own for each branch, so that no branch's name can be in another one's way. */
export function localRef(branch: string): string {
  return `${refsFolder}/${createHash('sha256').update(branch).digest('hex')}`;
}

/**
 * The name of a branch on the remote.
 *
 * @throws RepositoryError for what can't be a branch, as it could mean more than one ref to git
 */
export function refOf(branch: string): string {
  // oxlint-disable-next-line no-control-regex
  if (branch === '' || /[\0-\x20\x7F~^:?*[\\]|\.\.|@\{/.test(branch)) {
    throw new RepositoryError(`${JSON.stringify(branch)} can't be the name of a branch`);
  }
  return `refs/heads/${branch}`;
}

/** Reads the `HASH TAB REF` lines of `git ls-remote`. */
export function parseHeads(output: string): Map<string, string> {
  const heads = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [hash, ref] = line.split('\t');
    if (hash === undefined || ref === undefined) continue;
    if (/^[0-9a-f]{40,64}$/.test(hash)) heads.set(ref, hash);
  }
  return heads;
}

/**
 * The entry of one branch, if it is there. `git ls-remote` matches the end of a ref, so the answer to
 * `refs/heads/main` may hold `refs/heads/x/refs/heads/main`, too.
 */
export function headOf(heads: ReadonlyMap<string, string>, branch: string): [string, string][] {
  const hash = heads.get(refOf(branch));
  return hash === undefined ? [] : [[branch, hash]];
}
