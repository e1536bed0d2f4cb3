import { writeFileSync } from 'node:fs';
import { serviceVariables } from '@weir/protocol';
import type { BuildSpec } from '@weir/protocol';
import { endContainer, outputOf, removeContainers } from './containers.ts';
import type { Container } from './containers.ts';
import type { Engine } from './engine.ts';
import { findEngine } from './engine.ts';
import { errorWords, startService } from './start-service.ts';
import type { StartedService } from './start-service.ts';

export interface ServicesOrder {
  readonly spec: BuildSpec;
  /** Of the slot: names its containers, whoever looks for them. */
  readonly mark: string;
  /** A file that is there as long as containers of this slot may be. */
  readonly trace: string;
}

type Print = (bytes: Uint8Array) => void;

/** The services of one build, from their start to their end. */
export class BuildServices implements AsyncDisposable {
  readonly #order: ServicesOrder;
  #engine: Engine | null = null;
  readonly #containers = new Map<string, Container>();
  #started: readonly StartedService[] = [];

  constructor(order: ServicesOrder) {
    this.#order = order;
  }

  /** How the steps find them. */
  get variables(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#started.flatMap(({ spec: { name }, host, port }) => {
        const variables = serviceVariables(name);
        return [
          [variables.host, host],
          [variables.port, port],
        ];
      }),
    );
  }

  /** Which images they were, for the record. */
  get facts(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#started.map(({ spec: { name, image }, imageId }) => [
        `service ${name}`,
        `${image} ${imageId}`.slice(-500),
      ]),
    );
  }

  /**
   * Starts all of them at once, and waits for the last.
   *
   * @param print takes what is to be said and, when it fails, what they printed
   * @throws NoEngineError, ServiceError, or the signal's reason
   */
  async start(print: Print, signal: AbortSignal): Promise<void> {
    const { spec, mark, trace } = this.#order;
    const { build, services = [] } = spec;
    const engine = await findEngine();
    this.#engine = engine;
    await removeContainers(engine, mark);
    writeFileSync(trace, '');
    const failed = new AbortController();
    const say = (line: string): void => print(Buffer.from(`${line}\n`));
    const starting = services.map(async (service) => {
      try {
        return await startService(
          engine,
          { service, mark, build },
          {
            say,
            created: (container) => this.#containers.set(service.name, container),
            signal: AbortSignal.any([signal, failed.signal]),
          },
        );
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
    // All of them: what one is about to make must be known before it is removed.
    await Promise.allSettled(starting);
    if (failed.signal.aborted && !signal.aborted) await this.tell(print);
    signal.throwIfAborted();
    failed.signal.throwIfAborted();
    this.#started = await Promise.all(starting);
  }

  /** Ends all of them; how some had ended by themselves before, or null. */
  async end(): Promise<string | null> {
    const ends = await Promise.all(
      this.#started.map(async ({ spec: { name }, container }) => {
        const end = await endContainer(container);
        return end === null ? [] : [`${name}: ${end}`];
      }),
    );
    const all = ends.flat();
    return all.length === 0 ? null : all.join('; ');
  }

  /** Prints the last that each of them printed. */
  async tell(print: Print): Promise<void> {
    for (const [name, container] of this.#containers) {
      print(Buffer.from(`── what ${name} printed\n`));
      try {
        const output = await outputOf(container);
        print(output);
        if (output.length > 0 && output.at(-1) !== 10) print(Buffer.from('\n'));
      } catch (error) {
        print(Buffer.from(`(it can't be read: ${errorWords(error)})\n`));
      }
    }
  }

  /** Removes whatever there is of them. @throws Error when the engine does not do it */
  async remove(): Promise<void> {
    if (this.#engine === null || this.#containers.size === 0) return;
    await removeContainers(this.#engine, this.#order.mark);
    this.#containers.clear();
  }

  /** What could not be removed is tried again before the next build, and when the next runner starts. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove().catch((error: unknown) => console.error('removing containers:', error));
  }
}
