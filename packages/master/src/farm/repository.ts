import { textType, misfit, type Parsed } from './text-type.ts';

/** A repository as the file names it; a local one is good only when `remotes` names it. */
export interface RepositoryName {
  /** What git is given; `user@host:path` as `ssh://user@host/path`. */
  readonly url: string;
  readonly isLocal: boolean;
}

const none: RepositoryName = { url: '', isLocal: false };

/** Where a repository is: over https or ssh, or, for one that `remotes` names, anywhere. */
export const repository = textType<RepositoryName>(
  'a repository such as https://host/path, ssh://user@host/path or user@host:path',
  none,
  parseRepository,
);

/** A repository as a key of `remotes`: its URL. */
export const repositoryUrl = textType<string>(repository.expected, '', (text) => {
  const parsed = parseRepository(text);
  return 'value' in parsed ? { value: parsed.value.url } : parsed;
});

function parseRepository(text: string): Parsed<RepositoryName> {
  // oxlint-disable-next-line no-control-regex
  if (text === '' || text.length > 1_000 || /[\0-\x20\x7F-\x9F]/.test(text)) return misfit();
  if (text.startsWith('-') || text.includes('::')) return misfit();
  if (/^(\.{0,2}\/|file:\/\/)/.test(text)) return { value: { url: text, isLocal: true } };
  const [, user, host, path] = /^([\w.-]+)@([\w.-]+):(?!\/\/)(.+)$/.exec(text) ?? [];
  if (user !== undefined && host !== undefined && path !== undefined) {
    return parseUrl(`ssh://${user}@${host}/${path.replace(/^\/+/, '')}`);
  }
  return parseUrl(text);
}

function parseUrl(text: string): Parsed<RepositoryName> {
  if (!URL.canParse(text)) return misfit();
  const { protocol, username, password, hostname, pathname } = new URL(text);
  if (protocol === 'http:' || protocol === 'git:') {
    return misfit(`did you mean https:${text.slice(protocol.length)}?`);
  }
  // What stands in a farm file stands on its pages.
  if (password || (protocol === 'https:' && username)) {
    return misfit('leave out the credentials: pages and logs show this address');
  }
  if (protocol !== 'https:' && protocol !== 'ssh:') return misfit();
  // git and ssh would take such a host for an option.
  if (hostname === '' || hostname.startsWith('-') || username.startsWith('-')) return misfit();
  return pathname === '' || pathname === '/' ? misfit() : { value: { url: text, isLocal: false } };
}
