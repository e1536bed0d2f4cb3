/**
 * A mark of a few letters for each platform, by which it is told from the others where there is no
 * room for its name: its first letter, else the first ones of its parts with all digits, else its
 * first two, else its name. `debian-12-x64` beside `debian-12-arm64` is `D12X`, alone it is `D`.
 */
export function platformLetters(names: readonly string[]): Map<string, string> {
  const marks = new Map(names.map((name) => [name, marksOf(name)]));
  const at = new Map(names.map((name) => [name, 0]));
  const markOf = (name: string): string => marks.get(name)?.[at.get(name) ?? 0] ?? name;
  for (;;) {
    const alike = [...Map.groupBy(at.keys(), markOf).values()].filter((each) => each.length > 1);
    if (alike.length === 0) break;
    for (const name of alike.flat()) at.set(name, (at.get(name) ?? 0) + 1);
  }
  return new Map(names.map((name) => [name, markOf(name)]));
}

/** The marks that a name may have, the shortest first; after the last it is the name itself. */
function marksOf(name: string): string[] {
  const parts = name.split(/[-_]/).filter((part) => part !== '');
  const initials = parts.map((part) => (/^\d/.test(part) ? part : part.slice(0, 1))).join('');
  return [name.slice(0, 1), initials, name.slice(0, 2)].map((mark) => mark.toUpperCase());
}
