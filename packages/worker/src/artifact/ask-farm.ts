import { setTimeout as sleep } from 'node:timers/promises';
import { pieceBytes, problemSchema } from '@weir/protocol';

/** The farm will not take or give an object: asking again changes nothing. */
export class ObjectRefusedError extends Error {
  override readonly name: string = 'ObjectRefusedError';
}

/** Where the farm's objects are, for one build. */
export interface FarmObjects {
  /** The farm's web address. */
  readonly farm: string;
  readonly signal: AbortSignal;
  /** A farm that does not answer is asked again after this, in milliseconds, then twice that. Default: 1 s. */
  readonly firstPauseMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A piece that is not through by then is sent again. */
const pieceMs = 120_000;
const maxPauseMs = 30_000;

/** No farm answers, or it can't right now. */
class FarmAwayError extends Error {}

/**
 * Tries until `attempt` says that it is done, with longer and longer pauses: it says `false`, or the
 * farm is away. @throws what `attempt` throws, or the signal's reason
 */
export async function persist(
  { signal, firstPauseMs = 1_000 }: FarmObjects,
  attempt: () => Promise<boolean>,
): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    signal.throwIfAborted();
    try {
      if (await attempt()) return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FarmAwayError)) throw error;
    }
    await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
  }
}

/** One request, within `persist`. @throws ObjectRefusedError for an answer that is larger than a piece */
export async function ask(
  url: URL,
  { signal }: FarmObjects,
  request: RequestInit,
): Promise<Answer> {
  const both = AbortSignal.any([signal, AbortSignal.timeout(pieceMs)]);
  let answer: Answer;
  try {
    const response = await fetch(url, { ...request, signal: both });
    const { status, headers } = response;
    answer = { status, headers, body: await readBounded(response) };
  } catch (error) {
    if (error instanceof ObjectRefusedError) throw error;
    throw new FarmAwayError('no answer', { cause: error });
  }
  // 507 is a full disk: somebody makes room.
  if (answer.status === 429 || answer.status >= 500) throw new FarmAwayError('not now');
  return answer;
}

async function readBounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > pieceBytes) {
      throw new ObjectRefusedError(`${response.url}: more came than was asked for`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Why the farm refused, in its own words where it has some. */
export function refusal(url: URL, { status, body }: Answer): ObjectRefusedError {
  let said: unknown;
  try {
    said = JSON.parse(body.toString());
  } catch {
    // A proxy's page, say.
  }
  const problem = problemSchema.safeParse(said);
  const why = problem.success ? problem.data.detail : `the answer was ${status}`;
  return new ObjectRefusedError(`${url.href}: ${why}`);
}
