import type { MessagePort } from 'node:worker_threads';
import type {
  Command,
  CommandAnswer,
  EngineVitals,
  FarmFacts,
  ToEngine,
  ToWeb,
} from '../../command.ts';
import { refusedByEngine } from '../server/problems.ts';
import type { EngineLink, EngineListener } from './engine-link.ts';
import { inTime } from './engine-link.ts';

interface Asked {
  resolve(answer: CommandAnswer | EngineVitals): void;
  reject(error: Error): void;
}

/** The engine of the same process: the web thread's end of the port to it. */
export class ThreadLink implements EngineLink {
  readonly #port: MessagePort;
  readonly #asked = new Map<number, Asked>();
  readonly #stopped = Promise.withResolvers<void>();
  #listener: EngineListener | undefined;
  #nextId = 1;
  #farm: FarmFacts;

  constructor(port: MessagePort, farm: FarmFacts) {
    this.#port = port;
    this.#farm = farm;
    port.on('message', (message: ToWeb) => this.#receive(message));
  }

  readonly farm = (): FarmFacts => this.#farm;

  /** Resolves when the engine wants the thread to end. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  listen(listener: EngineListener): void {
    this.#listener = listener;
  }

  /** The engine hears its own. */
  heard(): void {}

  send(message: ToEngine): void {
    this.#port.postMessage(message);
  }

  sendCommand(actor: string, command: Command): Promise<CommandAnswer> {
    return this.#ask<CommandAnswer>((id) => ({ t: 'command', id, actor, command }));
  }

  vitals(): Promise<EngineVitals> {
    return this.#ask<EngineVitals>((id) => ({ t: 'ping', id }));
  }

  async #ask<T extends CommandAnswer | EngineVitals>(
    messageFor: (id: number) => ToEngine,
  ): Promise<T> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Each message has its one kind of answer.
    this.#asked.set(id, { resolve: (answer) => resolve(answer as T), reject });
    this.send(messageFor(id));
    try {
      return await inTime(promise);
    } finally {
      this.#asked.delete(id);
    }
  }

  #receive(message: ToWeb): void {
    switch (message.t) {
      case 'answer':
        this.#asked.get(message.id)?.resolve(message.answer);
        break;
      case 'pong':
        this.#asked.get(message.id)?.resolve(message.vitals);
        break;
      case 'refused':
        this.#asked.get(message.id)?.reject(refusedByEngine(message));
        break;
      case 'wake':
        this.#listener?.woken();
        break;
      case 'grew':
        this.#listener?.grew(message.logs.keys());
        break;
      case 'farm':
        this.#farm = message.farm;
        break;
      case 'stop':
        this.#stopped.resolve();
        break;
    }
  }
}
