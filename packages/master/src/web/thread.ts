import { Worker } from 'node:worker_threads';
import type {
  Command,
  CommandAnswer,
  EngineVitals,
  FarmFacts,
  ToEngine,
  ToWeb,
  WebOptions,
} from '../command.ts';
import type { Log } from '../log.ts';
import { refusalOf } from '../refusal.ts';
import { threadLimits } from '../thread-limits.ts';

/** The web role as the engine sees it: a thread that it starts, wakes and answers. */
export interface WebThread extends AsyncDisposable {
  /** The port that it listens on: the one asked for, or the one that the system chose for 0. */
  readonly port: number;
  /** Something was committed. */
  wake(): void;
  /** These logs grew: log id to the bytes stored. */
  grew(logs: ReadonlyMap<number, number>): void;
  setFarm(farm: FarmFacts): void;
  /** Rejects when the thread ends without being disposed of. */
  readonly ended: Promise<void>;
}

/** How long open responses may take to end before the thread is stopped regardless. */
const stopMs = 5_000;

/** What the engine does for its web thread. */
export interface WebThreadHost {
  /** Does what a person asks; throws CommandError for what can't be done. */
  run(actor: string, command: Command): Promise<CommandAnswer>;
  /** Resolves once the engine runs. */
  readonly started: Promise<unknown>;
  /** How the engine is just now. */
  vitals(): EngineVitals;
  readonly log: Log;
}

/**
 * Starts the web thread; resolves when it listens.
 *
 * @throws Error when it can't listen there
 */
export async function startWebThread(options: WebOptions, host: WebThreadHost): Promise<WebThread> {
  const worker = new Worker(new URL('./thread-main.ts', import.meta.url), {
    workerData: options,
    resourceLimits: threadLimits,
  });
  const send = (message: ToWeb): void => worker.postMessage(message);
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  // Whoever wants to know awaits it; a thread that died is no unhandled rejection as well.
  ended.catch(() => {});
  const port = await new Promise<number>((resolve, reject) => {
    worker.on('message', (message: ToEngine) => {
      if (message.t === 'listening') resolve(message.port);
      else if (message.t === 'failed') reject(new Error(message.message));
      else if (message.t === 'ping') void pong(message, host).then(send);
      else void answer(message, host).then(send);
    });
    ended.then(() => reject(new Error('the web thread ended before it listened')), reject);
  });
  return {
    port,
    ended,
    wake: () => send({ t: 'wake' }),
    grew: (logs) => send({ t: 'grew', logs }),
    setFarm: (farm) => send({ t: 'farm', farm }),
    async [Symbol.asyncDispose]() {
      send({ t: 'stop' });
      const timer = setTimeout(() => void worker.terminate(), stopMs);
      await ended.catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** Only an engine that runs answers. */
async function pong({ id }: Extract<ToEngine, { t: 'ping' }>, host: WebThreadHost): Promise<ToWeb> {
  await host.started;
  return { t: 'pong', id, vitals: host.vitals() };
}

async function answer(
  { id, actor, command }: Extract<ToEngine, { t: 'command' }>,
  host: WebThreadHost,
): Promise<ToWeb> {
  try {
    return { t: 'answer', id, answer: await host.run(actor, command) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== null) return { t: 'refused', id, ...refusal };
    host.log.warn(`the command ${command.t} failed: ${String(error)}`);
    return { t: 'refused', id, status: 500, code: 'internal', detail: 'the engine failed' };
  }
}
