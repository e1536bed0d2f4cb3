import type { AppendAnswer, FinishAnswer, LogAddress, LogEnd } from '../log-sink.ts';
import type { Unproven } from './finish-log.ts';
import { finishLog, readBackHash, settle } from './finish-log.ts';
import { LiveLog } from './live-log.ts';
import { LogTransactions } from './log-transactions.ts';
import type { LogFile } from './open-log-file.ts';

/** Logs held in memory while they are written; one that is not is loaded again from its rows. */
const maxLiveLogs = 4096;

/** The one writer of the log files under `dir`; runs in the log writer thread. */
export class LogKeeper {
  readonly transactions: LogTransactions;
  readonly #live = new Map<number, { file: string; log: LiveLog }>();
  /** Logs that the open transaction wrote to. */
  readonly #touched = new Set<LiveLog>();
  readonly #onFinished: (log: LogAddress) => void;

  /** @param onFinished a log is kept for good, and may be packed if its file says so */
  constructor(dir: string, onFinished: (log: LogAddress) => void) {
    this.#onFinished = onFinished;
    this.transactions = new LogTransactions(dir, {
      beforeCommit: () => {
        for (const log of this.#touched) log.flush();
        this.#touched.clear();
      },
      forget: (file) => {
        this.#touched.clear();
        for (const [id, live] of this.#live) if (live.file === file) this.#live.delete(id);
      },
    });
  }

  /** See `LogSink`. `capBytes` counts when the log begins. */
  append(
    address: LogAddress,
    offset: number,
    bytes: Uint8Array,
    options: { afterCut: boolean; capBytes: number },
  ): Promise<AppendAnswer> {
    return this.transactions.run(address.file, {
      bytes: bytes.length,
      run: (file) => {
        const log = this.#get(address, file, options.capBytes);
        const answer = log.append(offset, bytes, options.afterCut);
        this.#touched.add(log);
        return answer;
      },
    });
  }

  position(address: LogAddress, capBytes: number): Promise<number> {
    return this.transactions.run(address.file, {
      run: (file) => this.#get(address, file, capBytes).end,
    });
  }

  async finish(address: LogAddress, end: LogEnd, capBytes: number): Promise<FinishAnswer> {
    const first = await this.#finishStep(address, capBytes, (log, file) =>
      finishLog(log, file, end, log.capBytes),
    );
    if (first.t !== 'unproven') return first;
    const digest = await readBackHash(address.id, () => this.transactions.file(address.file));
    const last = await this.#finishStep(address, capBytes, (log, file) =>
      settle(log, file, end, log.version === first.version ? digest : ''),
    );
    return last.t === 'unproven' ? { t: 'rewind', offset: 0 } : last;
  }

  async #finishStep(
    address: LogAddress,
    capBytes: number,
    step: (log: LiveLog, file: LogFile) => FinishAnswer | Unproven,
  ): Promise<FinishAnswer | Unproven> {
    const answer = await this.transactions.run(address.file, {
      isDurable: true,
      run: (file) => {
        const answer = step(this.#get(address, file, capBytes), file);
        if (answer.t === 'kept') this.#live.delete(address.id);
        return answer;
      },
    });
    if (answer.t === 'kept') this.#onFinished(address);
    return answer;
  }

  #get({ id, file: name }: LogAddress, file: LogFile, capBytes: number): LiveLog {
    const known = this.#live.get(id);
    const log = known?.log ?? new LiveLog(id, file, capBytes);
    this.#live.delete(id);
    this.#live.set(id, { file: name, log });
    for (const [oldest, live] of this.#live) {
      if (this.#live.size <= maxLiveLogs) break;
      // Bytes of this transaction are in it and not in rows yet.
      if (!this.#touched.has(live.log)) this.#live.delete(oldest);
    }
    return log;
  }

  /** Its rows were removed. */
  forget({ id }: LogAddress): void {
    this.#live.delete(id);
  }

  close(): void {
    this.transactions.close();
  }
}
