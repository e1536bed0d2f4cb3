import type { ApiBuild, ApiStep } from '@weir/protocol';
import type { Evidence } from '../evidence.ts';
import type { LedgerEntry } from '../ledger.ts';
import type { LogReading } from '../logs.ts';
import { filesOfWorker } from './loss.ts';
import type { Loss } from './loss.ts';

const conclusive = ['success', 'warnings', 'failure'];
/** So long after a fault its consequences may still come to light, in milliseconds. */
const aftermathMs = 60_000;

/** What the farm says of builds is what they say of themselves, and each ran once. */
export function judgeResults(evidence: Evidence): Loss[] {
  const readings = Map.groupBy(evidence.logs, ({ build }) => build);
  const losses = evidence.builds.flatMap((build) => {
    const logs = readings.get(build.id) ?? [];
    const text = flawOf(build, logs, evidence);
    return text === undefined ? [] : [loss(build, logs, text)];
  });
  return [...losses, ...judgeRuns(evidence)];
}

function flawOf(
  build: ApiBuild,
  logs: readonly LogReading[],
  evidence: Evidence,
): string | undefined {
  const { result, worker } = build;
  if (result === null || result === 'lost') return undefined;
  if (result === 'cancelled') {
    return evidence.cancelled.has(build.id) ? undefined : 'was cancelled, and nobody wanted that';
  }
  if (!conclusive.includes(result)) {
    return hadFullDisk(evidence, worker) ? undefined : `is ${result}: ${build.text}`;
  }
  const expected: string[] = [];
  for (const step of build.steps) {
    if (step.state !== 'finished') break;
    const log = logs.find((each) => each.step === step.index);
    const run = evidence.ledgers.get(log?.nonce ?? '');
    if (log === undefined || run === undefined) {
      if (wasEndedUnheard(step)) {
        expected.push('failure');
        continue;
      }
      return `step ${step.index} is ${step.result}, and no run tells of it`;
    }
    const text = flawOfStep(step, log, run);
    if (text !== undefined) return text;
    expected.push(step.result ?? '');
  }
  const worst = conclusive.findLast((each) => expected.includes(each));
  return worst === result ? undefined : `is ${result}, and its steps are ${expected.join()}`;
}

/** On a machine under load a step may be ended by its time-out before it comes to its first word. */
function wasEndedUnheard({ result, findings, log }: ApiStep): boolean {
  const isLate = findings.includes('timed-out') || findings.includes('silent');
  return result === 'failure' && isLate && log?.bytes === 0;
}

/** The step's own ledger against what the farm has of it. */
function flawOfStep(step: ApiStep, { isCut }: LogReading, run: LedgerEntry): string | undefined {
  const { index, result, findings, exitCode } = step;
  const { kind, ended } = run;
  const said = `step ${index} is ${result}${findings.map((finding) => `, ${finding}`).join('')}`;
  if (kind === 'hang') {
    const isEnded = findings.includes('timed-out') || findings.includes('silent');
    return result === 'failure' && isEnded ? undefined : `${said}, and it hung`;
  }
  if (ended === null) return `${said}, and it never came to its end`;
  if (ended.exit === null) {
    return findings.includes('killed-by-signal') ? undefined : `${said}, and it killed itself`;
  }
  if (exitCode !== ended.exit) {
    return `${said} by exit code ${exitCode}, and it ended with ${ended.exit}`;
  }
  const passed = isCut ? 'warnings' : 'success';
  return result === (ended.exit === 0 ? passed : 'failure')
    ? undefined
    : `${said}, and it ended with ${ended.exit}`;
}

/** A run that no log tells of is one of a build that was taken away before its first word arrived. */
function judgeRuns({ ledgers, logs, builds }: Evidence): Loss[] {
  const told = Map.groupBy(
    logs.filter(({ nonce }) => nonce !== null),
    ({ nonce }) => nonce,
  );
  const twice = [...told].flatMap(([nonce, of]) =>
    of.length === 1
      ? []
      : [
          {
            nonce,
            text: `run ${nonce} is in ${of.map(({ build }) => `build ${build}`).join(' and ')}`,
          },
        ],
  );
  const untold = [...ledgers.values()].filter(({ nonce }) => !told.has(nonce));
  const excused = Map.groupBy(
    builds.filter(({ result }) => result !== null && !conclusive.includes(result)),
    ({ worker }) => worker,
  );
  const tooMany = [...Map.groupBy(untold, ({ dir }) => workerOf(dir))].flatMap(([worker, runs]) => {
    const most = excused.get(worker)?.length ?? 0;
    if (runs.length <= most) return [];
    const nonces = runs.map(({ nonce }) => nonce).join();
    const text = `${worker} ran ${runs.length} steps that no build tells of, and lost ${most} builds: ${nonces}`;
    return [{ nonce: runs[0]?.nonce ?? '', text }];
  });
  return [...twice, ...tooMany].map(({ nonce, text }) => ({
    judge: 'results',
    subject: `run/${nonce}`,
    text,
    look: [`ledgers/${nonce}`],
  }));
}

/** The worker in whose slot the folder is: of `w03/slots/0/...`, the `w03`. */
export function workerOf(dir: string): string {
  return /([^/]+)\/slots\/\d+\//.exec(dir)?.[1] ?? '';
}

function hadFullDisk({ faults }: Evidence, worker: string): boolean {
  return faults.some(({ kind, victim }) => kind === 'worker disk full' && victim === worker);
}

/** Whether one of these faults was in force then, or shortly before. */
export function wasAfter(
  faults: Evidence['faults'],
  at: number,
  isIt: (fault: Evidence['faults'][number]) => boolean,
): boolean {
  return faults.some((fault) => isIt(fault) && fault.from <= at && at <= fault.to + aftermathMs);
}

function loss(build: ApiBuild, logs: readonly LogReading[], text: string): Loss {
  const ledgers = logs.flatMap(({ nonce }) => (nonce === null ? [] : [`ledgers/${nonce}`]));
  const look = [...ledgers, ...filesOfWorker(build.worker), 'master.log'];
  return { judge: 'results', subject: `build/${build.id}`, text, look };
}
