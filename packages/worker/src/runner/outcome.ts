import { constants } from 'node:os';
import type { BuildLimits, Finding, Result, StepSpec } from '@weir/protocol';
import type { LimitHits, StepExit } from '../process/contract.ts';
import { sizeText } from './size-text.ts';

/** Why the runner itself ended a step. */
export type EndReason =
  | { readonly by: 'timed-out' | 'silent' | 'disk-cap' | 'process-cap' }
  | { readonly by: 'cancelled'; readonly reason: string }
  /** The runner can't go on: its disk is full, say. */
  | { readonly by: 'broken'; readonly reason: string };

export interface StepFacts {
  readonly exit: StepExit;
  readonly hits: LimitHits;
  readonly ended: EndReason | null;
  readonly isLogCut: boolean;
  /** The worker's disk was full while the step ran. */
  readonly wasDiskFull: boolean;
}

export interface Outcome {
  readonly result: Result;
  readonly findings: Finding[];
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly text: string;
}

const maxText = 500;

/** What the facts of a finished step mean. */
export function outcomeOf(facts: StepFacts, step: StepSpec, limits: BuildLimits): Outcome {
  const { exit, ended } = facts;
  const process = { exitCode: exit.code, signal: signalOf(exit) };
  if (ended?.by === 'cancelled') {
    return {
      ...process,
      result: 'cancelled',
      findings: [],
      text: cut(`cancelled: ${ended.reason}`),
    };
  }
  if (ended?.by === 'broken') {
    return { ...process, result: 'exception', findings: [], text: cut(ended.reason) };
  }
  if (!exit.hasRun && ended === null) {
    const text = `the sandbox could not be set up (exit code ${exit.code}); its words are in the log`;
    return { ...process, result: 'exception', findings: [], text };
  }
  const { finding, text } = explain(facts, process.signal, step, limits);
  const hasFailed = ended !== null || exit.code !== 0;
  if (hasFailed && facts.wasDiskFull && finding !== 'disk-cap') {
    // What fails for want of room says nothing about the code.
    const reason = `the worker's disk was full while it ran: ${text}`;
    return { ...process, result: 'exception', findings: [], text: cut(reason) };
  }
  const findings: Finding[] = finding === null ? [] : [finding];
  if (facts.isLogCut) findings.push('log-cap');
  if (hasFailed && step.install) findings.push('install-failed');
  const result = hasFailed ? 'failure' : findings.length > 0 ? 'warnings' : 'success';
  return { ...process, result, findings, text: cut(text) };
}

function explain(
  { exit, hits, ended, isLogCut }: StepFacts,
  signal: string | null,
  step: StepSpec,
  limits: BuildLimits,
): { finding: Finding | null; text: string } {
  if (ended?.by === 'timed-out') {
    return { finding: 'timed-out', text: `timed out after ${duration(step.timeoutMs)}` };
  }
  if (ended?.by === 'silent') {
    return { finding: 'silent', text: `printed nothing for ${duration(step.silenceMs)}` };
  }
  if (ended?.by === 'disk-cap') {
    return { finding: 'disk-cap', text: `filled more than ${sizeText(limits.diskBytes)} of disk` };
  }
  if (ended?.by === 'process-cap' || (hits.processes && exit.code !== 0)) {
    return { finding: 'process-cap', text: `more than ${limits.processes} processes at once` };
  }
  if (hits.memory) {
    return {
      finding: 'out-of-memory',
      text: `needed more than ${sizeText(limits.memoryBytes)} of memory`,
    };
  }
  if (signal === 'SIGXFSZ') {
    return { finding: 'disk-cap', text: `wrote a file larger than ${sizeText(limits.fileBytes)}` };
  }
  if (signal !== null) return { finding: 'killed-by-signal', text: `killed by ${signal}` };
  if (exit.code !== 0) return { finding: null, text: `exit code ${exit.code}` };
  return { finding: null, text: isLogCut ? `printed more than ${sizeText(limits.logBytes)}` : '' };
}

/** The signal itself, or the one that a shell reports as 128 and its number. */
function signalOf({ code, signal }: StepExit): string | null {
  if (signal !== null || code === null) return signal;
  const names = Object.entries(constants.signals);
  return names.find(([, number]) => number === code - 128)?.[0] ?? null;
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function cut(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1)}…`;
}
