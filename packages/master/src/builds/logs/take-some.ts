/** Log bytes in one transaction: acknowledgements come at least once for so many. */
const maxTransactionBytes = 8 * 1024 * 1024;

/** Takes from the beginning of what waits as much as one transaction has room for. */
export function takeSome<T extends { readonly bytes?: number }>(waiting: T[]): T[] {
  let bytes = 0;
  let count = 0;
  while (count < waiting.length && bytes < maxTransactionBytes) {
    bytes += waiting[count]?.bytes ?? 0;
    count++;
  }
  return waiting.splice(0, count);
}
