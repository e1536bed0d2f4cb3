import { createHash } from 'node:crypto';

export type Row = Readonly<Record<string, unknown>>;

/**
 * A hash of rows in any order: the sum of the SHA-256 of each, so that two databases need not agree
 * on an order, and a row too many or too few shows.
 */
export class RowsHash {
  rows = 0;
  #sum = 0n;

  add(row: Row): void {
    const columns = Object.keys(row).toSorted();
    const text = JSON.stringify(columns.map((column) => [column, row[column] ?? null]));
    const digest = createHash('sha256').update(text).digest('hex');
    this.#sum = BigInt.asUintN(256, this.#sum + BigInt(`0x${digest}`));
    this.rows += 1;
  }

  digest(): string {
    return this.#sum.toString(16).padStart(64, '0');
  }
}
