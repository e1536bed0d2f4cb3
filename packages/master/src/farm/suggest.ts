/** `did you mean X?` for the known word nearest to a misspelt one, or null when none is near. */
export function suggest(word: string, known: Iterable<string>): string | null {
  const wanted = word.toLowerCase().slice(0, 100);
  let nearest: string | null = null;
  let smallest = Math.ceil(wanted.length / 3) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= smallest) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance >= smallest) continue;
    smallest = distance;
    nearest = candidate;
  }
  return nearest === null ? null : didYouMean(nearest);
}

export function didYouMean(word: string): string {
  return `did you mean ${word}?`;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one word into the other:
 * the optimal string alignment distance, by dynamic programming over three rows.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(beforeLast, j - 2) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
