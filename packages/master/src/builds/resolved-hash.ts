import { createHash } from 'node:crypto';

/**
 * One hash for all files in which a build left what its dependencies came to: of what `sha256sum`
 * prints for them. Null where there are none.
 */
export function resolvedHash(
  files: readonly { readonly path: string; readonly sha256: string }[],
): string | null {
  if (files.length === 0) return null;
  const listed = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
  return createHash('sha256').update(listed).digest('hex');
}
