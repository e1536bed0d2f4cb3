/** A size with the unit that fits: `512 KiB`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  let amount = bytes;
  let unit = 'B';
  for (const larger of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (amount < 1_024) break;
    amount /= 1_024;
    unit = larger;
  }
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${unit}`;
}
