import { z } from 'zod';
import type { Store } from './store/store.ts';
import { callBytes } from './store/store.ts';

const callSchema = z.discriminatedUnion('t', [
  /** Ask the remotes of these branches, or of the farm file, soon. */
  z.object({ t: z.literal('poll'), branches: z.array(z.string()), farmFile: z.boolean() }),
  /** Whoever has the worker's session tells it what its owner wants. */
  z.object({
    t: z.literal('ask-worker'),
    worker: z.int(),
    ask: z.discriminatedUnion('t', [
      z.object({ t: z.literal('slots'), slots: z.int() }),
      z.object({ t: z.literal('leave') }),
    ]),
  }),
  /** Does the link of this worker that this engine has still answer? Another machine has come, by its boot id. */
  z.object({ t: z.literal('knock'), engine: z.int(), worker: z.int(), boot: z.string() }),
  z.object({
    t: z.literal('knocked'),
    worker: z.int(),
    boot: z.string(),
    isThere: z.boolean(),
  }),
]);

/** What one process of a farm on several machines says to the others; a lost one does no harm. */
export type Call = z.infer<typeof callSchema>;

/** Says it to all other processes of the farm, in as many parts as it takes. */
export function sendCall(store: Pick<Store, 'call'>, call: Call): void {
  for (const part of parts(call)) store.call(part);
}

/** What was said; null when it is another program's, or from another version of this one. */
export function readCall(text: string): Call | null {
  try {
    return callSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function parts(call: Call): string[] {
  const text = JSON.stringify(call);
  if (Buffer.byteLength(text) <= callBytes) return [text];
  if (call.t === 'poll' && call.branches.length > 1) {
    const [one, two] = halves(call.branches);
    return [...parts({ ...call, branches: one }), ...parts({ ...call, branches: two })];
  }
  return [];
}

function halves<T>(all: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}
