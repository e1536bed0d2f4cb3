import { isAbsolute } from 'node:path';
import { RepositoryError } from './repository-error.ts';

/** Where a repository is fetched from, and the transports that this may use. */
export interface RemoteAddress {
  readonly address: string;
  /** As GIT_ALLOW_PROTOCOL lists them. */
  readonly protocols: string;
}

/**
 * Where to fetch a repository from: a local path only for a URL that `remotes` names, else by https
 * or ssh alone.
 *
 * @throws RepositoryError for any other scheme, and for what git or ssh would take for an option
 */
export function remoteAddress(
  repository: string,
  remotes: ReadonlyMap<string, string>,
): RemoteAddress {
  const path = remotes.get(repository);
  if (path !== undefined) {
    if (!isAbsolute(path)) {
      throw new RepositoryError(`its local mirror ${path} is not named by an absolute path`);
    }
    return { address: path, protocols: 'file' };
  }
  const scheme = /^(https|ssh):\/\/[^-]/.exec(repository)?.[1];
  if (scheme === undefined) {
    throw new RepositoryError('only https, ssh, or a local mirror named in remotes is followed');
  }
  return { address: repository, protocols: scheme };
}
