/** Where git fetches from, and the only transport that it may use for that. */
export interface Remote {
  readonly url: string;
  readonly transport: 'https' | 'ssh' | 'file';
}

export class RefusedRepositoryError extends Error {
  override readonly name = 'RefusedRepositoryError';
  readonly code = 'repository-refused';
}

/**
 * Decides where a repository may be fetched from: by https or ssh, or from the local path that the
 * worker's own `remotes` names for this very URL.
 *
 * @throws RefusedRepositoryError for anything else.
 */
export function resolveRemote(
  repository: string,
  remotes: Readonly<Record<string, string>>,
): Remote {
  const local = Object.hasOwn(remotes, repository) ? remotes[repository] : undefined;
  if (local !== undefined) return { url: local, transport: 'file' };
  if (/^[\w.-]+@[a-z0-9][a-z0-9.-]*:[^\s:-][^\s]*$/i.test(repository)) {
    return { url: repository, transport: 'ssh' };
  }
  const url = URL.parse(repository);
  // A host that begins with a dash would be an option of ssh.
  const isSound = url !== null && /^[a-z0-9[]/i.test(url.hostname) && !/\s/.test(repository);
  if (isSound && url.protocol === 'https:') return { url: repository, transport: 'https' };
  if (isSound && url.protocol === 'ssh:') return { url: repository, transport: 'ssh' };
  throw new RefusedRepositoryError(
    `repository ${JSON.stringify(repository)} is refused: only https and ssh are fetched, or what --remote URL=PATH of this worker serves`,
  );
}
