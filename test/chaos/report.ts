import { results } from '@weir/protocol';
import type { Chaos } from './chaos.ts';
import { judgeNames } from './judges/loss.ts';
import type { JudgeName, Loss } from './judges/loss.ts';
import { faultKinds } from './plan.ts';
import type { Progress } from './progress.ts';

/** So many losses of one judge are shown; there may be thousands of one cause. */
const shownLosses = 5;
/** From here on a worker may be taken for one that does not answer. */
const longHoldUpMs = 5_000;

/** One line that says how far a run is. */
export function progressLine(progress: Progress, lengthMs: number): string {
  const { phase, elapsedMs, faults, builds, running, detached, lost, events, mails } = progress;
  const time = phase === 'under load' ? `${clock(elapsedMs)} of ${clock(lengthMs)}` : phase;
  const parts = [
    time.padEnd(14),
    `faults ${faults}`,
    `builds ${builds} + ${running} running${detached > 0 ? `, ${detached} detached` : ''}`,
    `lost ${lost}`,
    `events ${events}`,
    `mails ${mails}`,
    ...(progress.contradictions > 0 ? [`CONTRADICTIONS ${progress.contradictions}`] : []),
  ];
  return parts.join('   ');
}

/** What came of a run, for people. */
export function reportOf(chaos: Chaos): string {
  const { losses, seed, workers, tookMs, dir } = chaos;
  const lines = [
    '',
    `seed ${seed}, ${workers} workers, ${clock(tookMs)}`,
    '',
    ...faultTable(chaos),
    '',
    ...buildTable(chaos),
    '',
    ...judgeTable(chaos),
    '',
    ...lossList(losses),
    losses.length === 0 ? 'Nothing is lost.' : `${losses.length} losses.`,
    ...(dir === null ? [] : [`Everything is in ${dir}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function faultTable({ plan, played, lacking, heldUpMs }: Chaos): string[] {
  const rows = faultKinds
    .filter((kind) => plan.some((fault) => fault.kind === kind))
    .map((kind) => {
      const done = played.filter((fault) => fault.kind === kind);
      const planned = plan.filter((fault) => fault.kind === kind).length;
      const longest = Math.max(0, ...done.map(({ lastsMs }) => lastsMs));
      return [kind, String(done.length), String(planned - done.length), clock(longest)];
    });
  const total = ['all', String(played.length), String(plan.length - played.length), ''];
  return [
    ...table(['fault', 'times', 'missed', 'longest'], [...rows, total]),
    ...(lacking.length > 0 ? [`this machine can't: ${lacking.join(', ')}`] : []),
    ...(heldUpMs > longHoldUpMs
      ? [`the machine was too busy: for ${clock(heldUpMs)} nothing passed on any line`]
      : []),
  ];
}

function buildTable({ builds, detached, attached, late, logBytes }: Chaos): string[] {
  const rows = results.flatMap((result) => {
    const count = builds[result];
    return count === undefined ? [] : [[result, String(count)]];
  });
  const total = Object.values(builds).reduce((sum, count) => sum + count, 0);
  return [
    ...table(['builds', ''], [...rows, ['all', String(total)]]),
    `detached ${detached}, attached again ${attached}, ended late ${late}; ${(logBytes / 2 ** 20).toFixed(0)} MiB of logs`,
  ];
}

function judgeTable({ judged, losses, repeats }: Chaos): string[] {
  const rows = (Object.keys(judgeNames) as JudgeName[]).map((name) => {
    const count = losses.filter(({ judge }) => judge === name).length;
    const note = name === 'repeats' && repeats > 0 ? `, ${repeats} came again` : '';
    return [`${judgeNames[name]}${note}`, String(judged[name]), String(count)];
  });
  return table(['promise', 'judged', 'losses'], rows);
}

function lossList(losses: readonly Loss[]): string[] {
  return [...Map.groupBy(losses, ({ judge }) => judge)].flatMap(([judge, group]) => [
    `NOT TRUE: ${judgeNames[judge]}`,
    ...group
      .slice(0, shownLosses)
      .flatMap(({ subject, text, look }) => [
        `  ${subject} ${text}`,
        ...(look.length > 0 ? [`    look at ${look.join(', ')}`] : []),
      ]),
    ...(group.length > shownLosses ? [`  and ${group.length - shownLosses} more`] : []),
    '',
  ]);
}

/** The first column to the left, numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
