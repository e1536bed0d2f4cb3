/** A repository could not be asked or read. The message is one line for people. */
export class RepositoryError extends Error {
  override readonly name = 'RepositoryError';
  readonly code = 'repository-unreachable';
}

/** What git and its transports say, and what that means to the people who look at a branch. */
const causes: readonly (readonly [RegExp, string])[] = [
  [/could not resolve host|name or service not known/i, 'its host is not known'],
  [/connection refused|failed to connect|couldn't connect/i, 'its host refuses connections'],
  [/timed out|timeout|too slow|no route to host|unreachable/i, 'its host does not answer'],
  [/certificate|ssl|tls/i, "its host's certificate is not trusted"],
  [/host key verification failed/i, "its host's ssh key is not known here"],
  [
    /could not read (username|password)|authentication failed|permission denied \(|http code = 40[13]|error: 40[13]/i,
    'it asks for credentials: there is no such repository, or it is not public',
  ],
  [/dubious ownership/i, 'its files belong to another user'],
  [
    /repository .*not found|does not (appear to be|exist)|not a git repository|error: 404/i,
    'there is no such repository',
  ],
  [/transport '.*' not allowed/i, 'it leads to a transport that is not allowed'],
  [/no space left/i, 'the disk of the farm is full'],
  [/couldn't find remote ref/i, 'the branch went away meanwhile'],
];

/** The cause in words for people where it is a known one, else git's own complaint. */
export function causeOf(words: string): string {
  // An address may hold any of the words that are looked for.
  const withoutAddresses = words.replaceAll(/'[^'\n]*'/g, "''");
  const known = causes.find(([pattern]) => pattern.test(withoutAddresses));
  return known?.[1] ?? firstComplaint(words);
}

/** The line of git's words that says what is wrong, at most 300 characters of it. */
function firstComplaint(words: string): string {
  const lines = words.split(/[\r\n]+/).map((line) => line.trim());
  const line = lines.find((each) => /^(fatal|error):/.test(each)) ?? lines.find(Boolean);
  return (line ?? 'git failed without a word').replace(/^(fatal|error): /, '').slice(0, 300);
}
