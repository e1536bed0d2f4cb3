import process from 'node:process';
import { UsageError } from './usage.ts';

/** The Redis that is named on the command line, or else in the environment; null when none is. @throws UsageError */
export function redisUrlOf(given: string | undefined, parse: (text: string) => URL): URL | null {
  const text = given ?? (process.env['WEIR_REDIS_URL'] || null);
  if (text === null) return null;
  try {
    return parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--redis or $WEIR_REDIS_URL is ${reason}`, { cause: error });
  }
}
