import { setTimeout as sleep } from 'node:timers/promises';
import { GenericContainer } from 'testcontainers';
import type { WaitStrategy } from 'testcontainers';
import { boundTo, hostOf } from '../../packages/worker/src/services/containers.ts';
import type { Engine } from '../../packages/worker/src/services/engine.ts';
import { findEngine, NoEngineError } from '../../packages/worker/src/services/engine.ts';

/** Every container of a test has it. */
const label = 'weir.test';

/** An image comes within so long, in milliseconds, or the tests do without. */
const fetchMs = 120_000;

/** No suite keeps a container for so long, in milliseconds: its tests were killed. */
const forgottenMs = 3_600_000;

/** What a server needs of its container. */
export interface ServerContainer {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly port: number;
  readonly ready: WaitStrategy;
}

let engine: Promise<Engine | undefined> | undefined;
/** What was fetched, or could not be, so that no suite waits for it again. */
const fetched = new Map<string, Promise<boolean>>();

/** The engine of this machine, after what killed tests left there was removed; undefined without one. */
function anEngine(): Promise<Engine | undefined> {
  engine ??= findEngine().then(
    async (found) => {
      await removeForgotten(found);
      return found;
    },
    (error: unknown) => {
      if (error instanceof NoEngineError) return undefined;
      throw error;
    },
  );
  return engine;
}

/** The first of the images that this machine has; undefined when it has none, or no container engine. */
export async function imageHere(images: readonly string[]): Promise<string | undefined> {
  const found = await anEngine();
  if (found === undefined) return undefined;
  for (const image of images) {
    if (await found.image.exists(found.imageNamed(image))) return image;
  }
  return undefined;
}

/** Fetches an image. False when it can't be had within two minutes, or there is no container engine. */
export function fetchImage(image: string): Promise<boolean> {
  const fetching = fetched.get(image) ?? fetchOnce(image);
  fetched.set(image, fetching);
  return fetching;
}

async function fetchOnce(image: string): Promise<boolean> {
  const found = await anEngine();
  if (found === undefined) return false;
  const name = found.imageNamed(image);
  const late = new AbortController();
  const fetching = found.image.pull(name).catch(() => {});
  await Promise.race([fetching, sleep(fetchMs, undefined, { signal: late.signal })]);
  late.abort();
  return found.image.exists(name);
}

/** Starts a server in a container, through testcontainers, and says where its port is published. */
export async function startContainer({
  image,
  command,
  environment = {},
  port,
  ready,
}: ServerContainer): Promise<AsyncDisposable & { readonly address: string }> {
  const found = await anEngine();
  if (found === undefined) throw new Error('no container engine answers');
  const container = new PublishedContainer(image, boundTo(found.info.containerRuntime.host))
    .withCommand([...command])
    .withEnvironment({ ...environment })
    .withExposedPorts(port)
    .withLabels({ [label]: '' })
    .withWaitStrategy(ready)
    // Without its helper, whose image would have to be fetched too.
    .withAutoCleanup(false);
  const started = await container.start().catch(async (error: unknown) => {
    const said = await container.giveUp(found);
    throw new Error(`${image} did not start: ${said}`, { cause: error });
  });
  return {
    address: `${hostOf(found)}:${started.getMappedPort(port)}`,
    async [Symbol.asyncDispose]() {
      await started.stop({ timeout: 0, removeVolumes: true });
    },
  };
}

/** Its ports are published to one address; testcontainers publishes to all networks. */
class PublishedContainer extends GenericContainer {
  readonly #address: string;
  #id: string | undefined;

  constructor(image: string, address: string) {
    super(image);
    this.#address = address;
  }

  protected override async beforeContainerCreated(): Promise<void> {
    const bindings: { HostIp?: string }[][] = Object.values(this.hostConfig.PortBindings ?? {});
    for (const binding of bindings.flat()) binding.HostIp = this.#address;
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#id = id;
  }

  /** Removes what did not start; what it printed. */
  async giveUp({ docker }: Engine): Promise<string> {
    if (this.#id === undefined) return 'it could not be made';
    const container = docker.getContainer(this.#id);
    const said = await container.logs({ stdout: true, stderr: true, tail: 20 });
    await container.remove({ force: true, v: true });
    return said.toString();
  }
}

async function removeForgotten({ docker }: Engine): Promise<void> {
  const ours = await docker.listContainers({ all: true, filters: { label: [label] } });
  const forgotten = ours.filter(({ Created }) => Created * 1_000 < Date.now() - forgottenMs);
  for (const { Id } of forgotten) {
    // Other tests may be about to do the same.
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => {});
  }
}
