import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceSpec } from '@weir/protocol';
import { createContainer, endOf, hostOf, inTime, publishedPort, runIn } from './containers.ts';
import type { Container, ContainerOrder } from './containers.ts';
import type { Engine } from './engine.ts';

/** A service that does not come up; the message names it, and says why. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code = 'service';
}

/** A service that is ready. */
export interface StartedService {
  readonly spec: ServiceSpec;
  readonly container: Container;
  /** The image's own, by which it is the same on another machine. */
  readonly imageId: string;
  readonly host: string;
  readonly port: string;
}

export interface StartOptions {
  /** Takes what a person may want to know, a line each. */
  readonly say: (line: string) => void;
  /** Takes the container as soon as there is one. */
  readonly created: (container: Container) => void;
  readonly signal: AbortSignal;
}

const askAgainMs = 200;

/**
 * Starts one service and waits until it is ready. What it has made by then stays when it fails: its
 * output says why.
 *
 * @throws ServiceError, or the signal's reason
 */
export async function startService(
  engine: Engine,
  order: ContainerOrder,
  { say, created, signal }: StartOptions,
): Promise<StartedService> {
  const { service: spec } = order;
  const { name, port } = spec;
  try {
    await fetchImage(engine, spec, { say, signal });
    const container = await createContainer(engine, order);
    created(container);
    signal.throwIfAborted();
    await container.start({ abortSignal: inTime() });
    const begun = performance.now();
    await waitUntilReady(container, spec, signal);
    const inspected = await container.inspect({ abortSignal: inTime() });
    const published = publishedPort(inspected, port);
    if (published === undefined) throw new Error(`the engine does not publish its port ${port}`);
    const host = hostOf(engine);
    say(`${name}: ready at ${host}:${published} after ${secondsSince(begun)}`);
    return { spec, container, imageId: inspected.Image, host, port: published };
  } catch (error) {
    signal.throwIfAborted();
    throw new ServiceError(`${name} did not come up: ${errorWords(error)}`, { cause: error });
  }
}

async function fetchImage(
  { image, imageNamed }: Engine,
  { name, image: reference }: ServiceSpec,
  { say, signal }: Pick<StartOptions, 'say' | 'signal'>,
): Promise<void> {
  const wanted = imageNamed(reference);
  if (await image.exists(wanted)) return say(`${name}: image ${reference}`);
  say(`${name}: fetching the image ${reference}`);
  const begun = performance.now();
  // Nothing ends it: an image that nobody waits for any more is there for the next time.
  const failure = await orAborted(image.pull(wanted), signal).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  signal.throwIfAborted();
  if (failure !== null || !(await image.exists(wanted))) {
    const why = failure === null ? '' : `: ${errorWords(failure.error)}`;
    throw new Error(`its image ${reference} can't be fetched${why}`);
  }
  say(`${name}: fetched within ${secondsSince(begun)}`);
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error(String(signal.reason)));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** @throws Error when it ends before, or takes too long */
async function waitUntilReady(
  container: Container,
  { port, ready, startWithinMs }: ServiceSpec,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(startWithinMs);
  const command = ready === undefined ? listensOn(port) : `exec >/dev/null 2>&1; ${ready}`;
  let last = '';
  for (;;) {
    try {
      const status = await runIn(container, command, AbortSignal.any([signal, late]));
      if (status === 0) return;
      last = ready === undefined ? '' : `; its ready command ends with ${status}`;
    } catch (error) {
      if (!signal.aborted && !late.aborted) last = `; ${errorWords(error)}`;
    }
    signal.throwIfAborted();
    const end = endOf(await container.inspect({ abortSignal: inTime() }));
    if (end !== null) throw new Error(end);
    if (late.aborted) {
      const what = ready === undefined ? `does not listen on port ${port}` : 'is not ready';
      throw new Error(`it ${what} within ${startWithinMs / 1_000} s${last}`);
    }
    await sleep(askAgainMs, undefined, { signal: AbortSignal.any([signal, late]) }).catch(() => {});
  }
}

/**
 * Whether somebody listens on a port, other than for the container itself alone, in words that any
 * shell on Linux knows: proc_pid_net(5), state 0A.
 */
function listensOn(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `for f in /proc/net/tcp /proc/net/tcp6; do
  while read -r _ address _ state _; do
    case "$address $state" in
      0100007F:*) ;;
      *":${hex} 0A") exit 0 ;;
    esac
  done <$f
done
exit 1`;
}

function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
}

/** An engine's answer may have several lines. */
export function errorWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}
