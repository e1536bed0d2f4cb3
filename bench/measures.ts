import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Linux counts processor time in ticks of 10 ms. */
export const ticksPerSecond = 100;

/** User and system seconds of a process, all its threads, and the children that it has waited for. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / ticksPerSecond;
}

/** Resident megabytes of a process: now, and at most. */
export function memoryMb(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { now: kb('VmRSS') / 1024, peak: kb('VmHWM') / 1024 };
}

/** Nearest-rank percentile. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.ceil((sorted.length * percent) / 100) - 1;
  return sorted[Math.max(0, Math.min(sorted.length - 1, rank))] ?? Number.NaN;
}

const baseline = fileURLToPath(new URL('./buildbot', import.meta.url));

/**
 * How fast is this machine just now? Milliseconds for a fixed piece of single-thread work: the
 * baseline's own, so that lines of both systems can be compared. Null without Python.
 */
export function calibrate(): number | null {
  const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3';
  const { stdout } = spawnSync(python, ['-Bc', 'import lib; print(lib.calib_ms())'], {
    cwd: baseline,
    encoding: 'utf8',
  });
  const ms = Number.parseFloat(stdout ?? '');
  return Number.isNaN(ms) ? null : ms;
}

/** Waits until a process uses less than a twentieth of a processor over a second. */
export async function waitQuiet(pid: number): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const before = cpuSeconds(pid);
    await sleep(1_000);
    if (cpuSeconds(pid) - before < 0.05) return;
  }
  throw new Error('the process never became quiet');
}

/** Asks every `everyMs` until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  { everyMs = 20, limitMs = 120_000 }: { everyMs?: number; limitMs?: number } = {},
): Promise<T> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(everyMs);
  }
  throw new Error(`waited ${limitMs / 1_000} s for ${what}`);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Prints measurements of one script as JSON lines, each with how contended the machine was. */
export class Report {
  readonly #system: string;
  readonly #shared: Readonly<Record<string, unknown>>;
  readonly #waitedUs = waitedMicroseconds();
  readonly #start = performance.now();

  /** @param name the case: it tells variants of one metric apart */
  constructor(system: string, name: string, shared: Readonly<Record<string, unknown>>) {
    this.#system = system;
    this.#shared = { case: name, calib_ms: calibrate(), ...shared };
  }

  emit(metric: string, value: number, unit: string, params: Record<string, unknown> = {}): void {
    const elapsedMs = performance.now() - this.#start;
    const line = {
      metric,
      value: Number(value.toPrecision(6)),
      unit,
      params: {
        ...this.#shared,
        ...params,
        system: this.#system,
        cpu_wait_pct: round((waitedMicroseconds() - this.#waitedUs) / 10 / elapsedMs, 1),
        load1: round(loadavg()[0] ?? 0, 2),
      },
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** How long some task of the machine has waited for a processor, since boot; 0 where Linux does not say. */
function waitedMicroseconds(): number {
  try {
    const text = readFileSync('/proc/pressure/cpu', 'utf8');
    return Number(/^some .*total=(\d+)/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
