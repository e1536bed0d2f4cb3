import { isAbsolute } from 'node:path';

/** Where a repository is fetched from, and the transports that this may use. */
export interface RemoteAddress {
  readonly address: string;
  readonly protocols: string;
}

export class RepositoryRefusedError extends Error {
  override readonly name = 'RepositoryRefusedError';
  readonly code = 'repository-refused';
}

/**
 * Where to fetch a repository from: a local path only for a URL that `remotes` names, else by https
 * or ssh alone.
 *
 * @throws RepositoryRefusedError for any other scheme, and for what git would take for an option
 */
export function remoteAddress(
  repository: string,
  remotes: ReadonlyMap<string, string>,
): RemoteAddress {
  const path = remotes.get(repository);
  if (path !== undefined) {
    if (!isAbsolute(path)) {
      throw new RepositoryRefusedError(`the mirror ${path} is no absolute path`);
    }
    return { address: path, protocols: 'file' };
  }
  if (/^https:\/\/[^-]/.test(repository)) return { address: repository, protocols: 'https' };
  if (/^ssh:\/\/[^-]/.test(repository)) return { address: repository, protocols: 'ssh' };
  if (/^[a-z0-9._]+@[a-z0-9.-]+:[^-]/i.test(repository)) {
    return { address: repository, protocols: 'ssh' };
  }
  throw new RepositoryRefusedError(
    `${repository}: only https and ssh, or a mirror named by --remote`,
  );
}
