import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Farm } from '@weir/model';
import { ensureAdminToken } from './admin-token.ts';
import { openLogWriter } from './builds/logs/log-writer.ts';
import { anchoredClock } from './clock.ts';
import type { FarmFacts } from './command.ts';
import type { Engine } from './engine.ts';
import { startEngine } from './engine.ts';
import { farmErrorLine } from './farm/farm-file-error.ts';
import type { FarmFileError } from './farm/farm-file-error.ts';
import type { FarmTexts } from './farm/farm-texts.ts';
import { wholeText } from './farm/farm-texts.ts';
import { FarmInForce } from './farm/in-force.ts';
import { readFarmFile } from './farm/read-farm-file.ts';
import type { Log } from './log.ts';
import { openStore } from './store/store.ts';
import { gatherGrowth, oncePerTurn } from './wake.ts';
import { farmRulesOf } from './web/farm-rules.ts';
import type { WebThread } from './web/thread.ts';
import { startWebThread } from './web/thread.ts';
import { openFarmKey } from './workers/farm-key.ts';

export interface MasterOptions {
  readonly farmPath: string;
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly workerPort: number;
  readonly remotes: ReadonlyMap<string, string>;
  readonly adminToken: string | null;
  readonly resetAdminToken: boolean;
  readonly log: Log;
}

/** The farm file is broken: all that is wrong with it. */
export class FarmFileErrors extends Error {
  override readonly name = 'FarmFileErrors';
  readonly errors: readonly FarmFileError[];
  readonly texts: FarmTexts;

  constructor(errors: readonly FarmFileError[], texts: FarmTexts) {
    super(errors.map(farmErrorLine).join('\n'));
    this.errors = errors;
    this.texts = texts;
  }
}

/** A farm on one machine: engine and web in one process. */
export interface Master {
  readonly port: number;
  readonly workerPort: number;
  readonly fingerprint: string;
  /** Made at this start; null when it is known already. */
  readonly adminToken: string | null;
  readonly engine: Engine;
  /** Rejects when the web thread ends by itself: without its pages a farm looks dead. */
  readonly failed: Promise<void>;
  /** Reads the farm file again; a broken one changes nothing but the warnings on the pages. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a farm.
 *
 * @throws FarmFileErrors when the farm file is broken
 * @throws StoreInUseError when another master has the data folder
 * @throws Error when a port is taken
 */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const { log } = options;
  const read = () => readFarmFile(options.farmPath, { remotes: options.remotes });
  const reading = await read();
  if (!reading.ok) throw new FarmFileErrors(reading.errors, reading.texts);
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const now = anchoredClock();
  await using disposing = new AsyncDisposableStack();
  const storePath = join(dataDir, 'weir.sqlite');
  const store = disposing.use(await openStore(storePath));
  const farmKey = openFarmKey(join(dataDir, 'farm-key.pem'));
  const { adminToken: given, resetAdminToken: reset } = options;
  const adminToken = await ensureAdminToken(store, { given, reset });
  const farmInForce = new FarmInForce(store, reading.farm);
  const path = resolve(options.farmPath);
  await farmInForce.apply(reading.farm, {
    path,
    text: wholeText(reading.texts),
    by: 'engine',
    at: now(),
  });
  const factsOf = (farm: Farm, warnings: readonly string[], workerPort: number): FarmFacts => ({
    name: farm.name,
    publicUrl: farm.publicUrl,
    workerUrl: farm.workerUrl,
    workerPort,
    fingerprint: farmKey.fingerprint,
    warnings,
    rules: farmRulesOf(farm),
    file: farm,
  });
  const started = Promise.withResolvers<Engine>();
  // Beside the engine, not after it: both take most of their time to load.
  const { host, port } = options;
  const starting = startWebThread(
    { storePath, dataDir, host, port, farm: factsOf(reading.farm, [], options.workerPort) },
    { run: async (actor, command) => (await started.promise).command(actor, command), log },
  );
  disposing.defer(async () => {
    const thread = await starting.catch(() => undefined);
    await thread?.[Symbol.asyncDispose]();
  });
  const logs = disposing.use(
    await openLogWriter(join(dataDir, 'logs'), {
      capBytes: () => farmInForce.farm().limits.logBytes,
      warn: (message) => log.warn(message),
    }),
  );
  let web: WebThread | undefined;
  const engine = await startEngine({
    store,
    farmInForce,
    farmKey,
    logs,
    dataDir,
    host,
    workerPort: options.workerPort,
    now,
    log,
    grew: gatherGrowth((grown) => web?.grew(grown)),
    url: () => webUrl(host, web?.port ?? port),
  });
  disposing.defer(() => engine.stop());
  started.resolve(engine);
  const thread = await starting;
  web = thread;
  thread.setFarm(factsOf(reading.farm, [], engine.workerPort));
  store.onCommit = oncePerTurn(() => {
    thread.wake();
    engine.wake();
  });
  // For what was committed before it listened.
  thread.wake();

  const running = disposing.move();
  return {
    port: thread.port,
    workerPort: engine.workerPort,
    fingerprint: farmKey.fingerprint,
    adminToken,
    engine,
    failed: thread.ended,
    async reload() {
      const next = await read();
      if (next.ok) {
        await engine.apply(next.farm, { path, text: wholeText(next.texts), by: 'engine' });
        thread.setFarm(factsOf(next.farm, [], engine.workerPort));
        log.info(`the farm file ${path} is in force`);
        return;
      }
      const errors = next.errors.map(farmErrorLine);
      for (const error of errors) log.warn(error);
      const warning = 'The farm file is broken; the last good one stays in force.';
      const warnings = [`${warning} ${errors.join(' ')}`];
      thread.setFarm(factsOf(farmInForce.farm(), warnings, engine.workerPort));
    },
    stop: () => running.disposeAsync(),
  };
}

/** As this machine can be asked from elsewhere, when the farm file does not say. */
function webUrl(host: string, port: number): string {
  const name = ['0.0.0.0', '::'].includes(host) ? hostname() : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
