/** So much of a text is looked at for its first words. */
const maxText = 4_000;
const keyed = /^(?<key>[A-Za-z_]+):(?:\s+(?<value>.*))?$/;
const blockScalar = /^[|>][-+\d]*$/;

/**
 * What a reader wants of the YAML behind a test point: its own keys with plain, quoted or block text.
 * Producers write far more into it, and in more ways than YAML has: values of the language under test.
 */
export class TapYaml {
  /** Of the marks around it. */
  readonly indent: number;
  /** What its own keys stand deeper than the marks. */
  #inset: string | null = null;
  readonly #values = new Map<string, string>();
  /** The key whose text goes on in deeper lines. */
  #open: string | null = null;

  constructor(indent: number) {
    this.indent = indent;
  }

  take(line: string): void {
    const whole = line.slice(this.indent);
    if (whole.trim() !== '') this.#inset ??= /^\s*/.exec(whole)?.[0] ?? '';
    const inset = this.#inset ?? '';
    const text = whole.startsWith(inset) ? whole.slice(inset.length) : whole;
    if (/^\s/.test(text) || text === '') {
      if (this.#open !== null) this.#append(this.#open, text.trim());
      return;
    }
    const { key, value = '' } = keyed.exec(text)?.groups ?? {};
    this.#open = null;
    if (key === undefined || this.#values.size >= 50) return;
    if (blockScalar.test(value)) {
      this.#open = key;
      this.#values.set(key, '');
    } else this.#values.set(key, unquoted(value).slice(0, maxText));
  }

  /** node-tap has `message`, node:test has `error`. */
  get message(): string {
    return this.#values.get('message') || this.#values.get('error') || '';
  }

  get durationMs(): number | undefined {
    const ms = Number.parseFloat(this.#values.get('duration_ms') ?? '');
    return Number.isNaN(ms) ? undefined : ms;
  }

  /** `test` or `suite`, as node:test says. */
  get type(): string {
    return this.#values.get('type') ?? '';
  }

  #append(key: string, text: string): void {
    const before = this.#values.get(key) ?? '';
    if (before.length < maxText) this.#values.set(key, `${before}${text}\n`);
  }
}

function unquoted(value: string): string {
  if (value.startsWith("'")) return value.slice(1).replace(/'$/, '').replaceAll("''", "'");
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1);
  }
}
