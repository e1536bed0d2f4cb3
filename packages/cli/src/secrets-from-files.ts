import { readFileSync } from 'node:fs';
import process from 'node:process';
import { UsageError } from './usage.ts';

/** What of Weir's own may be in a file, and the credentials of object storage. */
const names = /^(WEIR_[A-Z0-9_]+|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN))_FILE$/;
const maxBytes = 64 * 1024;

/**
 * Sets `NAME` to what is in the file that `NAME_FILE` names, without the line's end: the way in which
 * containers are given secrets. Those of the environment itself are seen by whoever may inspect them.
 *
 * @throws UsageError when a file can't be read, or a variable is set both ways
 */
export function readSecretsFromFiles(env: NodeJS.ProcessEnv = process.env): void {
  for (const [variable, path] of Object.entries(env)) {
    const [, name] = names.exec(variable) ?? [];
    // A variable that is set to nothing, as compose files do it, is not set.
    if (name === undefined || !path) continue;
    if (env[name]) throw new UsageError(`${name} and ${variable} are both set: which is meant?`);
    env[name] = readSecret(variable, path);
  }
}

function readSecret(variable: string, path: string): string {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${variable} names a file that can't be read: ${reason}`, {
      cause: error,
    });
  }
  if (text.length > maxBytes) throw new UsageError(`${variable} names a file that holds too much`);
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '' || /[\r\n\0]/.test(secret)) {
    throw new UsageError(`${variable} names a file that does not hold one line`);
  }
  return secret;
}
