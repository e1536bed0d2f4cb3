import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { journalEntrySchema } from '@weir/protocol';
import type { BuildSpec, Result } from '@weir/protocol';
import type { RunOrder } from '../../packages/worker/src/runner/client.ts';
import type { Runner } from '../../packages/worker/src/runner/find-runner.ts';
import { findFinishedBuild } from '../../packages/worker/src/runner/held-build.ts';
import { JournalWriter } from '../../packages/worker/src/runner/journal.ts';
import type { JournalFact } from '../../packages/worker/src/runner/journal.ts';
import type { RunnerEvent } from '../../packages/worker/src/runner/messages.ts';
import { logDir, slotPaths } from '../../packages/worker/src/runner/paths.ts';
import type { SlotPaths } from '../../packages/worker/src/runner/paths.ts';
import { SpoolWriter } from '../../packages/worker/src/spool/writer.ts';
import type { Ledger, LedgerBuild } from './ledger.ts';
import { Life } from './life.ts';

/** So long it takes to end a step's processes. */
const killMs = 200;

/** What the farm has its worker do with a build's files. */
export type Dropping = (build: LedgerBuild, why: 'forget' | 'abort') => void;

interface Running {
  readonly spec: BuildSpec;
  readonly ledger: LedgerBuild;
  readonly journal: JournalWriter;
  step: number;
  spool: SpoolWriter;
  /** What it was told to end with. */
  ending: Result | undefined;
}

/** An agent's end of the socket. */
interface Connection {
  readonly life: Life | undefined;
  readonly onEvent: (event: RunnerEvent) => void;
  close(): void;
}

/**
 * Stands for a slot's runner process: real journal and spool files, builds whose steps print and
 * end as they are told to.
 */
export class FakeRunner {
  readonly #paths: SlotPaths;
  readonly #worker: string;
  readonly #ledger: Ledger;
  readonly #dropping: Dropping;
  readonly #life: Life;
  readonly #connections = new Set<Connection>();
  #build: { number: number; entries: () => number; isFinished: () => boolean } | undefined;
  #epoch: number | null = null;
  #running: Running | undefined;
  /** Stopped, as by SIGSTOP: what reaches it waits. */
  isFrozen = false;
  #frozen: (() => void)[] = [];
  /** What it does takes its time: one thing after another. */
  tail: Promise<void> = Promise.resolve();

  constructor(slotDir: string, worker: string, ledger: Ledger, dropping: Dropping) {
    this.#paths = slotPaths(slotDir);
    this.#worker = worker;
    this.#ledger = ledger;
    this.#dropping = dropping;
    this.#life = new Life(`runner of ${slotDir}`);
    const held = findFinishedBuild(this.#paths);
    if (held === null) this.#wipe();
    else {
      const { number, entries } = held;
      this.#build = { number, entries: () => entries, isFinished: () => true };
    }
  }

  get isAlive(): boolean {
    return this.#life.isAlive;
  }

  get running(): LedgerBuild | undefined {
    return this.#running?.ledger;
  }

  connect(onEvent: (event: RunnerEvent) => void): Runner {
    const closed = Promise.withResolvers<void>();
    const life = Life.current;
    const connection: Connection = {
      life,
      onEvent,
      close: () => {
        this.#connections.delete(connection);
        queueMicrotask(() => life?.run(() => closed.resolve()));
      },
    };
    this.#connections.add(connection);
    const command = (act: () => void) => () =>
      queueMicrotask(() => this.#whenThawed(() => this.#life.run(act)));
    this.#whenThawed(() => this.#tell(connection));
    return {
      closed: closed.promise,
      run: (order) => command(() => this.#run(order))(),
      cancel: (reason) => command(() => this.#end('cancelled', reason))(),
      abort: command(() => this.#abort()),
      forget: command(() => this.#forget()),
      exit: command(() => this.kill()),
      close: () => connection.close(),
    };
  }

  /** kill -9. */
  kill(): void {
    if (!this.isAlive) return;
    this.#life.kill();
    if (this.#running !== undefined) {
      this.#running.ledger.state = 'killed';
      this.#running.journal[Symbol.dispose]();
    }
    for (const connection of this.#connections) connection.close();
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    this.isFrozen = false;
    for (const act of this.#frozen.splice(0)) act();
  }

  #whenThawed(act: () => void): void {
    if (this.isFrozen) this.#frozen.push(act);
    else act();
  }

  /** What the step prints. */
  print(bytes: Buffer): void {
    const running = this.#running;
    if (running === undefined || running.ending !== undefined || this.isFrozen) return;
    running.spool.append(bytes);
    const { printed } = running.ledger;
    printed[running.step] = Buffer.concat([printed[running.step] ?? Buffer.alloc(0), bytes]);
    for (const connection of this.#connections) this.#send(connection, { t: 'grew' });
  }

  /** The step ends by itself. */
  endStep(result: 'success' | 'failure'): void {
    const running = this.#running;
    if (running?.ending !== undefined || this.isFrozen) return;
    this.#next(() => this.#finishStep(result, ''));
  }

  #run({ spec, epoch }: RunOrder): void {
    if (this.#build === undefined) {
      const { build, spec: specPath, journal: journalPath, reserve } = this.#paths;
      mkdirSync(build, { recursive: true });
      writeFileSync(specPath, JSON.stringify(spec));
      const ledger = this.#ledger.begin(spec.build, this.#worker);
      const journal = new JournalWriter(journalPath, reserve);
      const spool = new SpoolWriter(logDir(this.#paths.slot, 0), spec.limits.logBytes);
      this.#running = { spec, ledger, journal, step: 0, spool, ending: undefined };
      this.#build = {
        number: spec.build,
        entries: () => journal.entries,
        isFinished: () => ledger.result !== undefined,
      };
      this.#epoch = epoch;
      this.#append({ t: 'step-started', step: 0 });
    }
    this.#tellAll();
  }

  async #finishStep(result: Result, text: string): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { spec, step, spool } = running;
    const log = await spool.finish();
    if (!this.isAlive) return;
    this.#append({ t: 'log-finished', step, ...log });
    const outcome = { result, findings: [], text };
    this.#append({ t: 'step-finished', step, ...outcome, exitCode: null, signal: null });
    if (result === 'success' && step + 1 < spec.steps.length) {
      running.step += 1;
      running.spool = new SpoolWriter(logDir(this.#paths.slot, running.step), spec.limits.logBytes);
      return this.#append({ t: 'step-started', step: running.step });
    }
    this.#running = undefined;
    running.ledger.result = result;
    running.ledger.state = 'finished';
    this.#append({ t: 'build-finished', ...outcome, environment: {} }, running);
    running.journal[Symbol.dispose]();
  }

  /** Ends the build before its time. */
  #end(result: Result, text: string): void {
    const running = this.#running;
    if (running === undefined || running.ending !== undefined) return;
    running.ending = result;
    setTimeout(
      () => this.#whenThawed(() => this.#next(() => this.#finishStep(result, text))),
      killMs,
    );
  }

  #abort(): void {
    if (this.#build === undefined) return;
    this.#end('cancelled', 'aborted');
    const drop = (): void => {
      if (this.#running === undefined) this.#drop('abort');
      else setTimeout(drop, killMs);
    };
    this.#next(async () => drop());
  }

  #forget(): void {
    if (this.#build?.isFinished() === true) this.#drop('forget');
  }

  #drop(why: 'forget' | 'abort'): void {
    const ledger = this.#build && this.#ledger.builds.get(this.#build.number);
    if (ledger !== undefined) {
      this.#dropping(ledger, why);
      ledger.state = 'dropped';
    }
    this.#wipe();
    this.#build = undefined;
    this.#epoch = null;
    this.#tellAll();
  }

  #wipe(): void {
    rmSync(this.#paths.build, { recursive: true, force: true });
  }

  #append(fact: JournalFact, running = this.#running): void {
    if (running === undefined) return;
    running.journal.append(fact);
    const line = readFileSync(this.#paths.journal, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    running.ledger.journal.push(journalEntrySchema.parse(JSON.parse(line)));
    this.#tellAll();
  }

  #next(act: () => Promise<void>): void {
    this.tail = this.tail.then(() => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (!this.isAlive) return;
      this.#life.run(() => void act().then(resolve, reject));
      return promise;
    });
  }

  #tellAll(): void {
    for (const connection of this.#connections) this.#tell(connection);
  }

  #tell(connection: Connection): void {
    this.#send(connection, {
      t: 'state',
      build: this.#build?.number ?? null,
      epoch: this.#epoch,
      entries: this.#build?.entries() ?? 0,
      finished: this.#build?.isFinished() ?? false,
    });
  }

  #send({ life, onEvent }: Connection, event: RunnerEvent): void {
    queueMicrotask(() => life?.run(() => onEvent(event)));
  }
}
