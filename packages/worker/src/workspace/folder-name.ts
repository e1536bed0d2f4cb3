import { createHash } from 'node:crypto';

/** A name for a folder that stands for `text`: readable, never `..`, and different for each text. */
export function folderName(text: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(text)) return text;
  const readable = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-40)
    .replace(/^-/, '');
  // The underscore keeps made names apart from those that are taken as they are.
  return `_${readable}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
