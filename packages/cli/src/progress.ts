import process from 'node:process';

/** One line on a terminal that says how far something is, again and again; nothing elsewhere. */
export class ProgressLine implements Disposable {
  readonly #isShown = process.stderr.isTTY;
  #last = 0;

  readonly show = (text: string): void => {
    const now = performance.now();
    if (!this.#isShown || now - this.#last < 100) return;
    this.#last = now;
    process.stderr.write(`\r\u001b[K${text}`);
  };

  [Symbol.dispose](): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
  }
}
