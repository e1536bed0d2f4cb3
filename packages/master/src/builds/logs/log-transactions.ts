import type { LogFile } from './open-log-file.ts';
import { openLogFile } from './open-log-file.ts';
import { logFilePath } from './paths.ts';
import { LogRefusedError } from './refused.ts';
import { takeSome } from './take-some.ts';

/** What one caller wants done within a transaction on a log file. */
export interface LogWork<T> {
  /** A `LogRefusedError` from it refuses this work alone; it must have changed nothing then. */
  run(file: LogFile): T;
  /** Its commit is synced to the disk. */
  readonly isDurable?: boolean;
  /** How much it is about to write: transactions are bounded. */
  readonly bytes?: number;
}

interface Waiting extends LogWork<unknown> {
  readonly name: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Hooks {
  /** Within the transaction, when all work is done. */
  beforeCommit(name: string): void;
  /** What is known of the file is void: a transaction was rolled back, or the file closed. */
  forget(name: string): void;
}

/** Files held open: this week's and last week's are written to, older ones packed. */
const maxOpenFiles = 4;

/**
 * Takes whatever waits at the end of a turn and commits it, one transaction for each file; answers
 * after the commit. Work on one file is done in the order in which it was asked for.
 */
export class LogTransactions {
  readonly #dir: string;
  readonly #hooks: Hooks;
  readonly #files = new Map<string, LogFile>();
  #waiting: Waiting[] = [];
  #isScheduled = false;

  constructor(dir: string, hooks: Hooks) {
    this.#dir = dir;
    this.#hooks = hooks;
  }

  run<T>(name: string, work: LogWork<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ ...work, name, resolve: (value) => resolve(value as T), reject });
    this.#schedule();
    return promise;
  }

  /** A file to read in this turn; a later one may find it closed. To write to it, `run`. */
  file(name: string): LogFile {
    const known = this.#files.get(name);
    if (known !== undefined) {
      this.#files.delete(name);
      this.#files.set(name, known);
      return known;
    }
    const file = openLogFile(logFilePath(this.#dir, name));
    this.#files.set(name, file);
    return file;
  }

  close(): void {
    this.#commitAll();
    for (const file of this.#files.values()) file[Symbol.dispose]();
    this.#files.clear();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#commitNext();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commitAll(): void {
    while (this.#waiting.length > 0) this.#commitNext();
  }

  #commitNext(): void {
    for (const [name, works] of Map.groupBy(takeSome(this.#waiting), (waiting) => waiting.name)) {
      this.#commit(name, works);
    }
    this.#closeUnused();
  }

  #commit(name: string, works: readonly Waiting[]): void {
    const answers: (() => void)[] = [];
    try {
      const file = this.file(name);
      file.transaction(
        () => {
          for (const work of works) answers.push(answerOf(work, file));
          this.#hooks.beforeCommit(name);
        },
        { isDurable: works.some((work) => work.isDurable === true) },
      );
    } catch (error) {
      this.#hooks.forget(name);
      for (const work of works) work.reject(error);
      return;
    }
    for (const answer of answers) answer();
  }

  #closeUnused(): void {
    for (const [name, file] of this.#files) {
      if (this.#files.size <= maxOpenFiles) return;
      file[Symbol.dispose]();
      this.#files.delete(name);
      this.#hooks.forget(name);
    }
  }
}

function answerOf(work: Waiting, file: LogFile): () => void {
  try {
    const value = work.run(file);
    return () => work.resolve(value);
  } catch (error) {
    if (!(error instanceof LogRefusedError)) throw error;
    return () => work.reject(error);
  }
}
