const maxNamed = 4;

/** Names in a sentence: `a`, `a and b`, `a, b and c`, `a, b, c and 7 more`. */
export function series(names: readonly string[]): string {
  const isCut = names.length > maxNamed;
  const named = isCut
    ? [...names.slice(0, maxNamed - 1), `${names.length - maxNamed + 1} more`]
    : names;
  const last = named.at(-1) ?? '';
  return named.length < 2 ? last : `${named.slice(0, -1).join(', ')} and ${last}`;
}
