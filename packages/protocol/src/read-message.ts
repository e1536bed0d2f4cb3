import type { z } from 'zod';

/** What a decoded frame turned out to be. */
export type ReadMessage<T> =
  | { readonly t: 'message'; readonly message: T }
  /** A peer that is newer than this program says something that this one has no use for. */
  | { readonly t: 'unknown'; readonly type: string }
  | { readonly t: 'bad'; readonly why: string };

/** A union of messages, told apart by their `t`. */
type MessageSchema<T> = z.ZodType<T> & {
  readonly options: readonly { readonly shape: { readonly t: z.ZodLiteral<string> } }[];
};

/**
 * Reads a message of a peer that may be of another build than this program. Fields that this one
 * does not know are dropped, types that it does not know are told from what is malformed: who speaks
 * the same version may add both, and the link must outlive it.
 */
export function readMessage<T>(schema: MessageSchema<T>, value: unknown): ReadMessage<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { t: 'message', message: parsed.data };
  const type = typeOf(value);
  if (type !== undefined && !schema.options.some(({ shape }) => shape.t.value === type)) {
    return { t: 'unknown', type };
  }
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'top';
  return { t: 'bad', why: `frame at ${place}: ${issue?.message ?? 'is not valid'}` };
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('t' in value)) return undefined;
  return typeof value.t === 'string' && /^[a-z][a-z-]{0,30}$/.test(value.t) ? value.t : undefined;
}
