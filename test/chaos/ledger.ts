import { appendFileSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { stepKinds } from './script.ts';

/** Lines of one run's own ledger, written by the run itself: what the judges believe. */
const lineSchema = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('begun'),
    nonce: z.string(),
    kind: z.enum(stepKinds),
    isBroken: z.boolean(),
    /** Where it runs: names the worker and the slot. */
    dir: z.string(),
    pid: z.number(),
    at: z.number(),
  }),
  /** So many bytes were taken from it so far. */
  z.object({ t: z.literal('printed'), bytes: z.number() }),
  /** It is about to end by itself; `exit` is null when it kills itself. */
  z.object({
    t: z.literal('ended'),
    bytes: z.number(),
    sha256: z.string(),
    exit: z.number().nullable(),
    at: z.number(),
  }),
]);
type LedgerLine = z.infer<typeof lineSchema>;

/** What one run says of itself. */
export type LedgerEntry = Omit<Extract<LedgerLine, { t: 'begun' }>, 't'> & {
  /** At least so many bytes were taken from it. */
  readonly printed: number;
  /** Null when it was ended before its time, or for hanging. */
  readonly ended: Omit<Extract<LedgerLine, { t: 'ended' }>, 't'> | null;
};

export class LedgerWriter {
  readonly #path: string;

  constructor(dir: string, nonce: string) {
    this.#path = join(dir, nonce);
  }

  write(line: LedgerLine): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

/** The ledgers of all runs, by nonce. */
export function readLedgers(dir: string): Map<string, LedgerEntry> {
  const entries = new Map<string, LedgerEntry>();
  for (const nonce of readdirSync(dir)) {
    const entry = toEntry(readFileSync(join(dir, nonce), 'utf8'));
    if (entry !== undefined) entries.set(nonce, entry);
  }
  return entries;
}

/** Undefined for a run that was ended before it had written a word. */
function toEntry(text: string): LedgerEntry | undefined {
  // A line that was not written to its end is no line.
  const lines = text.split('\n').slice(0, -1);
  const [begun, ...rest] = lines.map((line) => lineSchema.parse(JSON.parse(line)));
  if (begun?.t !== 'begun') return undefined;
  const { t: _begun, ...entry } = begun;
  const last = rest.at(-1);
  const printed = last === undefined || last.t === 'begun' ? 0 : last.bytes;
  if (last?.t !== 'ended') return { ...entry, printed, ended: null };
  const { t: _ended, ...ended } = last;
  return { ...entry, printed, ended };
}
