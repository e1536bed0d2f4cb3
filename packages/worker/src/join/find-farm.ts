import { wellKnownSchema } from '@weir/protocol';
import type { WellKnown } from '@weir/protocol';

export interface FoundFarm {
  readonly farm: string;
  readonly workerUrl: string;
  readonly fingerprint: string;
}

export class JoinError extends Error {
  override readonly name = 'JoinError';
}

/**
 * Asks a farm where its workers connect, and makes sure that it is the farm that was meant.
 *
 * @param key the fingerprint that the farm's register page shows; may be left out only for a farm on
 *   this very machine
 * @throws JoinError that says what to do
 */
export async function findFarm(
  url: string,
  options: { key: string | undefined; insecure: boolean },
): Promise<FoundFarm> {
  const { key, insecure } = options;
  const base = parseUrl(url);
  if (base.protocol === 'http:' && !isLoopback(base) && !insecure) {
    throw new JoinError(`${url} is not https: pass --insecure if you trust every machine between`);
  }
  const { wellKnown: found } = await askFarm(new URL('/.well-known/weir', base));
  if (key === undefined && !isLoopback(base)) {
    throw new JoinError(
      `pass --key with the farm's fingerprint, as its register page shows it. This address claims ${found.fingerprint}`,
    );
  }
  if (key !== undefined && key !== found.fingerprint) {
    throw new JoinError(
      `${url} has the key ${found.fingerprint}, not ${key}: it is another farm, or someone between`,
    );
  }
  const workerUrl = new URL(found.workerUrl);
  if (workerUrl.protocol === 'ws:' && !isLoopback(workerUrl) && !insecure) {
    throw new JoinError(
      `${workerUrl.href} is not encrypted: pass --insecure if you trust every machine between`,
    );
  }
  return { farm: found.farm, workerUrl: workerUrl.href, fingerprint: found.fingerprint };
}

/**
 * What a farm says of itself, and when: milliseconds UTC, by its own clock and to the second.
 *
 * @throws JoinError when no farm answers there
 */
export async function askFarm(url: URL): Promise<{ wellKnown: WellKnown; date: number }> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  } catch (error) {
    throw new JoinError(`no farm answers at ${url.origin}: is the address right?`, {
      cause: error,
    });
  }
  const said = wellKnownSchema.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !said.success) {
    throw new JoinError(
      `${url.origin} is no Weir farm: ${url.pathname} answered ${response.status}`,
    );
  }
  const date = Date.parse(response.headers.get('date') ?? '');
  return { wellKnown: said.data, date: Number.isNaN(date) ? Date.now() : date };
}

function parseUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new JoinError(`'${url}' is no address of a farm: https://... was expected`);
  }
  return parsed;
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
