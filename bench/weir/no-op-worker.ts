import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { encodeLogFrame, heartbeatMs } from '@weir/protocol';
import { RawWorker } from '../../test/support/raw-worker.ts';
import type { BenchFarm } from './bench-farm.ts';

/** The length of each frame of a streamed log. */
const frameBytes = 16 * 1024;
const line = `${'a line of a log that is printed all the time, as any other one'.padEnd(63)}\n`;
const noBytes = createHash('sha256').digest('hex');

/** A build that has begun. Times are milliseconds UTC, with fractions. */
export interface Begun {
  readonly build: number;
  readonly epoch: number;
  /** When the worker said that it has room. */
  readonly readyAt: number;
  /** When it was told to start. */
  readonly startAt: number;
}

/** A worker in this process that runs nothing: what the farm does is timed at the other end of its link. */
export class NoOpWorker implements Disposable {
  readonly #link: RawWorker;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(name: string) {
    this.#link = new RawWorker(name);
  }

  /** Asks to join, is accepted, and is online. */
  static async join(
    farm: Pick<BenchFarm, 'workerPort' | 'accept'>,
    name: string,
  ): Promise<NoOpWorker> {
    const worker = new NoOpWorker(name);
    await worker.#link.prove(farm.workerPort);
    await worker.#link.closed;
    await farm.accept(name);
    await worker.#link.connect(farm.workerPort, { hello: { boot: name } });
    const beat = (): void => worker.#link.send({ t: 'beat', at: Date.now() });
    worker.#timers.push(setInterval(beat, heartbeatMs));
    return worker;
  }

  /** Takes the next build that the farm has, and begins it. */
  async begin(): Promise<Begun> {
    const readyAt = preciseNow();
    this.#link.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
    const { spec, epoch } = await this.#link.next('offer');
    const { build } = spec;
    this.#link.send({ t: 'accept', build, epoch });
    await this.#link.next('start');
    return { build, epoch, readyAt, startAt: preciseNow() };
  }

  /** Ends a build well whose one step printed nothing. Resolves when the farm has all of it. */
  async end({ build, epoch }: Begun): Promise<void> {
    const at = Date.now();
    const well = { at, result: 'success', findings: [], text: '' } as const;
    this.#link.send({
      t: 'journal',
      build,
      epoch,
      entries: [
        { t: 'step-started', n: 1, at, step: 0 },
        { t: 'log-finished', n: 2, at, step: 0, bytes: 0, ranges: [], sha256: noBytes },
        { t: 'step-finished', n: 3, step: 0, exitCode: 0, signal: null, ...well, findings: [] },
        { t: 'build-finished', n: 4, environment: {}, ...well, findings: [] },
      ],
    });
    await this.#link.next('confirmed');
  }

  /** Prints in a build's one step until the worker is disposed of, and says how long each acknowledgement took. */
  stream({ build, epoch }: Begun, everyMs: number, acknowledged: (ms: number) => void): void {
    const at = Date.now();
    this.#link.send({
      t: 'journal',
      build,
      epoch,
      entries: [{ t: 'step-started', n: 1, at, step: 0 }],
    });
    const bytes = Buffer.from(line.repeat(frameBytes / line.length));
    const sentAt: number[] = [];
    const print = (): void => {
      const sequence = sentAt.push(performance.now()) - 1;
      const offset = sequence * frameBytes;
      const frame = { build, epoch, step: 0, sequence, offset, afterCut: false, bytes };
      this.#link.sendRaw(encodeLogFrame(frame));
    };
    this.#timers.push(setInterval(print, everyMs));
    this.#hearAcknowledgements(sentAt, acknowledged).catch((error: unknown) => {
      if (this.#timers.length > 0) throw error;
    });
  }

  /** Rejects when the link ends. */
  async #hearAcknowledgements(
    sentAt: readonly number[],
    acknowledged: (ms: number) => void,
  ): Promise<never> {
    for (let frames = 0; ;) {
      const { log } = await this.#link.next('ack');
      const now = performance.now();
      const stored = (log?.offset ?? 0) / frameBytes;
      for (; frames < stored; frames++) acknowledged(now - (sentAt[frames] ?? now));
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#link.drop();
  }
}

/** Milliseconds UTC, as `Date.now()` but with fractions. */
function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
