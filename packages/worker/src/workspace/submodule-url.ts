import { RefusedRepositoryError, resolveRemote } from './remote.ts';
import type { Remote } from './remote.ts';

/**
 * The URL of a submodule as git means it: one that begins with `./` or `../` begins at that of the
 * repository which holds it.
 *
 * @throws RefusedRepositoryError for one that leads out of its host
 */
export function submoduleUrl(parent: string, url: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  const [, root = '', path = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/[^/]*\/|[^/:]+:|\/?)(.*)$/is.exec(parent) ?? [];
  const parts = path.split('/').filter((part) => part !== '');
  for (const part of url.split('/')) {
    if (part === '.' || part === '') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) {
      throw new RefusedRepositoryError(
        `submodule ${JSON.stringify(url)} is refused: it leads out of ${parent}`,
      );
    }
  }
  return root + parts.join('/');
}

/**
 * Where a submodule may be fetched from. Its URL is the word of whoever can push to the project, not
 * of who runs the farm: it may not make use of the keys that this machine has for ssh.
 *
 * @throws RefusedRepositoryError for anything but https, or what the worker's own `remotes` name
 */
export function resolveSubmodule(
  repository: string,
  remotes: Readonly<Record<string, string>>,
): Remote {
  const remote = resolveRemote(repository, remotes);
  const hasUser = remote.transport === 'https' && URL.parse(repository)?.username !== '';
  if (remote.transport !== 'ssh' && !hasUser) return remote;
  throw new RefusedRepositoryError(
    `submodule ${JSON.stringify(repository)} is refused: only https without a user is fetched, or what --remote URL=PATH of this worker serves`,
  );
}
