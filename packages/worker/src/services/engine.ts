import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ContainerRuntimeClient, ImageName } from 'testcontainers';
import type * as Testcontainers from 'testcontainers';

/** A container engine that answers: Docker, or what speaks its language. */
export interface Engine extends Pick<ContainerRuntimeClient, 'info' | 'image'> {
  /** Its API: https://docs.docker.com/reference/api/engine/ */
  readonly docker: ContainerRuntimeClient['container']['dockerode'];
  /** An image by its name, from where this machine fetches images. */
  readonly imageNamed: (reference: string) => ImageName;
}

/** There are no containers to be had on this machine; the message says what is missing. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError';
  readonly code = 'no-containers';
}

/** An engine that is there says so at once. */
const answerMs = 10_000;

/**
 * Finds the container engine, by way of testcontainers where the owner installed it beside the
 * agent: it knows all the places where one may listen.
 *
 * @throws NoEngineError
 */
export async function findEngine(): Promise<Engine> {
  const { getContainerRuntimeClient, ImageName } = await loadTestcontainers();
  const late = new AbortController();
  try {
    const client = await Promise.race([getContainerRuntimeClient(), tooLate(late.signal)]);
    const { info, image, container } = client;
    const imageNamed = (reference: string) => ImageName.fromString(reference);
    return { info, image, docker: container.dockerode, imageNamed };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NoEngineError(`no container engine answers: ${why}`, { cause: error });
  } finally {
    late.abort();
  }
}

async function loadTestcontainers(): Promise<typeof Testcontainers> {
  // In the one-file agent this module is that file: what lies beside it is found.
  const { resolve } = createRequire(import.meta.url);
  let path: string;
  try {
    path = resolve('testcontainers');
  } catch (error) {
    throw new NoEngineError(
      "testcontainers is not installed beside the agent ('npm install testcontainers' in its folder)",
      { cause: error },
    );
  }
  try {
    return (await import(pathToFileURL(path).href)) as typeof Testcontainers;
  } catch (error) {
    throw new NoEngineError(`testcontainers can't be loaded from ${path}: ${String(error)}`, {
      cause: error,
    });
  }
}

async function tooLate(signal: AbortSignal): Promise<never> {
  await sleep(answerMs, undefined, { signal });
  throw new Error(`not within ${answerMs / 1_000} s`);
}

/** What can be said of an engine in a line. */
export function engineWords({ info: { containerRuntime } }: Engine): string {
  const { operatingSystem, serverVersion, host } = containerRuntime;
  return `engine ${serverVersion} at ${host} (${operatingSystem})`;
}
