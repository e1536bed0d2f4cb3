import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportFormats } from '@weir/protocol';
import type { ReportFormat, StepReport } from '@weir/protocol';
import { readReportApart, reportLimits } from '../../packages/worker/src/report/read-apart.ts';
import { randomOf } from '../chaos/random.ts';
import { ChildMemory } from '../support/child-memory.ts';
import { mutate } from './mutate.ts';
import { samples } from './samples.ts';

/** Shorter than the worker's own, so that whatever hangs shows soon. */
const limits = { ...reportLimits, ms: 20_000 };
/** A process has to start, and to be ended, beside whatever else the machine does. */
const slackMs = 10_000;
/** Resident, of the whole process that reads: its heap's limit is a part of it. */
export const maxRssMb = 768;

export interface FuzzOptions {
  readonly seed: string;
  /** Ends after so many cases, */
  readonly cases?: number;
  /** or after this time, whichever comes first. */
  readonly ms?: number;
  /** The first case; each follows from the seed and its number alone. */
  readonly first?: number;
  /** Takes the report at hand; what breaks a reader is found there afterwards. */
  readonly dir: string;
  readonly tell?: (line: string) => void;
}

export interface FuzzFindings {
  cases: number;
  bytes: number;
  readonly states: Record<StepReport['state'], number>;
  /** Reports that ended by the limit of time, and by the one of memory. */
  outOfTime: number;
  outOfMemory: number;
  slowestMs: number;
  slowest: string;
  /** Resident, of the process that reads, in MiB; 0 where there is no /proc. */
  peakRssMb: number;
  /** What must not be, with the case that did it. */
  readonly violations: string[];
}

/** Reads broken reports through the door that the worker reads them by, and watches what comes of it. */
export async function fuzzReports(options: FuzzOptions): Promise<FuzzFindings> {
  const { seed, cases = Infinity, ms = Infinity, first = 0, dir, tell } = options;
  const findings: FuzzFindings = {
    cases: 0,
    bytes: 0,
    states: { read: 0, missing: 0, invalid: 0, capped: 0 },
    outOfTime: 0,
    outOfMemory: 0,
    slowestMs: 0,
    slowest: '',
    peakRssMb: 0,
    violations: [],
  };
  const start = performance.now();
  using memory = new ChildMemory();
  while (findings.cases < cases && performance.now() - start < ms) {
    const number = first + findings.cases;
    memory.reset();
    const violations = await fuzzOne(seed, number, dir, findings, memory);
    for (const violation of violations) tell?.(violation);
    findings.violations.push(...violations);
    if (findings.cases % 100 === 0) tell?.(progress(findings));
  }
  return findings;
}

async function fuzzOne(
  seed: string,
  number: number,
  dir: string,
  findings: FuzzFindings,
  memory: ChildMemory,
): Promise<string[]> {
  const { format, bytes } = makeCase(seed, number);
  writeFileSync(join(dir, 'report'), bytes);
  const name = `case ${number} of seed ${seed} (${format}, ${bytes.length} bytes)`;
  const start = performance.now();
  const order = {
    spec: { format, files: ['report'] },
    workspace: dir,
    spool: join(dir, 'none'),
    objects: join(dir, 'objects'),
  };
  const answer = await readReportApart(order, limits).catch((error: unknown) => String(error));
  const elapsedMs = performance.now() - start;

  findings.cases += 1;
  findings.bytes += bytes.length;
  findings.peakRssMb = Math.max(findings.peakRssMb, memory.peakMb);
  if (elapsedMs > findings.slowestMs) {
    findings.slowestMs = elapsedMs;
    findings.slowest = name;
  }
  if (typeof answer === 'string') return [`${name}: no answer, but ${answer}`];
  findings.states[answer.state] += 1;
  if (answer.text.includes('within 20 s')) findings.outOfTime += 1;
  if (answer.text.includes('MiB of memory')) findings.outOfMemory += 1;
  const wrong = [
    ...wrongIn(answer),
    ...(elapsedMs > limits.ms + slackMs ? [`it took ${Math.round(elapsedMs)} ms`] : []),
    ...(memory.peakMb > maxRssMb ? [`${Math.round(memory.peakMb)} MiB resident`] : []),
  ];
  return wrong.map((what) => `${name}: ${what}`);
}

/** The same report on every machine. */
export function makeCase(seed: string, number: number): { format: ReportFormat; bytes: Buffer } {
  const random = randomOf(`${seed}/${number}`);
  const format = random.pick(reportFormats);
  return { format, bytes: mutate(samples[format], random, Object.values(samples)) };
}

function wrongIn({ text, totals, durationMs, named }: StepReport): string[] {
  const wrong = [];
  if (text.includes('its reader failed')) wrong.push(text);
  for (const [outcome, count] of Object.entries(totals)) {
    if (!Number.isSafeInteger(count) || count < 0) wrong.push(`${count} ${outcome}`);
  }
  if (durationMs !== null && !(Number.isFinite(durationMs) && durationMs >= 0)) {
    wrong.push(`${durationMs} ms`);
  }
  if (named.some(({ name, message }) => !name.isWellFormed() || !message.isWellFormed())) {
    wrong.push('half a character');
  }
  return wrong;
}

export function progress(findings: FuzzFindings): string {
  const { cases, bytes, states, outOfTime, outOfMemory, slowestMs, peakRssMb: peak } = findings;
  const counts = Object.entries(states).map(([state, count]) => `${count} ${state}`);
  return [
    `${cases} reports of ${Math.round(bytes / 1e6)} MB in all`,
    ...counts,
    `${outOfTime} out of time`,
    `${outOfMemory} out of memory`,
    `slowest ${Math.round(slowestMs)} ms`,
    `${Math.round(peak)} MiB resident at most (bound ${maxRssMb})`,
    `${findings.violations.length} violations`,
  ].join(', ');
}
