import type { MessagePort } from 'node:worker_threads';
import type {
  Command,
  CommandAnswer,
  EngineVitals,
  FarmFacts,
  ToEngine,
  ToWeb,
} from '../../command.ts';
import { problem, refusedByEngine } from '../server/problems.ts';

/** After so long without an answer the engine counts as away. */
const answerMs = 5_000;

interface Asked {
  resolve(answer: CommandAnswer | EngineVitals): void;
  reject(error: Error): void;
}

/** What the engine tells, and who wants to know. */
export interface EngineListener {
  /** Something was committed. */
  woken(): void;
  /** These logs grew. */
  grew(logs: ReadonlyMap<number, number>): void;
  stop(): void;
}

/** The web thread's end of the port to the engine. */
export class EngineLink {
  readonly #port: MessagePort;
  readonly #asked = new Map<number, Asked>();
  #nextId = 1;
  #farm: FarmFacts;

  constructor(port: MessagePort, farm: FarmFacts) {
    this.#port = port;
    this.#farm = farm;
  }

  readonly farm = (): FarmFacts => this.#farm;

  listen(listener: EngineListener): void {
    this.#port.on('message', (message: ToWeb) => this.#receive(message, listener));
  }

  send(message: ToEngine): void {
    this.#port.postMessage(message);
  }

  /** Has the engine do it; resolves after its commit. @throws ProblemError */
  readonly sendCommand = (actor: string, command: Command): Promise<CommandAnswer> =>
    this.#ask<CommandAnswer>((id) => ({ t: 'command', id, actor, command }));

  /** How the engine is, by its own word. @throws ProblemError when it does not answer */
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
    const timer = setTimeout(() => {
      reject(
        problem(
          'engine-away',
          `the engine did not answer within ${answerMs / 1_000} s; what was asked may still be done`,
          { headers: { 'retry-after': '5' } },
        ),
      );
    }, answerMs);
    this.send(messageFor(id));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  #receive(message: ToWeb, listener: EngineListener): void {
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
        listener.woken();
        break;
      case 'grew':
        listener.grew(message.logs);
        break;
      case 'farm':
        this.#farm = message.farm;
        break;
      case 'stop':
        listener.stop();
        break;
    }
  }
}
