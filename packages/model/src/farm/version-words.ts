import type { ApiFarmVersion } from '@weir/protocol';

/** Where a version of the farm file came from: `commit 4f0c2a9e1b by Ada Lovelace`. */
export function sourceInWords({ source, path }: Pick<ApiFarmVersion, 'source' | 'path'>): string {
  switch (source.kind) {
    case 'file':
      return `file ${path}`;
    case 'sent':
      return `sent as ${path}`;
    case 'repository':
      return `commit ${source.commit.slice(0, 10)} by ${source.author}`;
    case 'roll-back':
      return `version ${source.version} again`;
  }
}

/** How many builders came, went and changed: `+2 −1 ~3`. */
export function buildersInWords({ summary }: Pick<ApiFarmVersion, 'summary'>): string {
  if (summary === null) return 'not known';
  const { added, removed, changed } = summary.builders;
  const parts = [added && `+${added}`, removed && `−${removed}`, changed && `~${changed}`];
  return parts.filter((part) => part !== 0).join(' ') || 'none';
}
