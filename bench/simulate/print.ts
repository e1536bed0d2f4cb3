import type { Need } from './need.ts';
import type { Options } from './options.ts';
import type { Outcome, Spread } from './outcome.ts';

const columns = ['first', 'half', '90 %', 'last', 'first red', 'each red'];

export function headOf({ fleet, hours, world, seed }: Options): string {
  return [
    `${fleet}, ${hours} h, ${world}, seed ${seed}; minutes after the commit: half / worst tenth / mean`,
    line('order', [...columns, 'builds/day', 'superseded', 'unseen']),
  ].join('\n');
}

export function lineOf(order: string, outcome: Outcome): string {
  const { firstVerdict, halfOfVerdicts, mostVerdicts, lastVerdict, firstRed, eachRed } = outcome;
  const spreads = [firstVerdict, halfOfVerdicts, mostVerdicts, lastVerdict, firstRed, eachRed];
  const { buildsPerDay, superseded, unseenPercent } = outcome;
  return line(order, [...spreads.map(spread), buildsPerDay, superseded, `${unseenPercent} %`]);
}

export function needText(outcome: Outcome, need: Need): string {
  const rows: [string, string][] = [
    ['builders, slots', `${outcome.builders}, ${outcome.slots} (${outcome.busyPercent} % busy)`],
    [
      'builds a second, at most',
      `${need.buildsPerSecond.toFixed(2)}, ${outcome.mostBuildsPerSecond}`,
    ],
    [
      'engine, of a core',
      `${percent(need.enginePercent)}, at most ${percent(need.enginePeakPercent)}`,
    ],
    ['engines', String(need.engines)],
    ['statements, at most', `${Math.ceil(need.statementsPerSecond)}/s`],
    ['longest unit', `${need.longestUnitSeconds.toFixed(2)} s`],
    ['store', `${bytes(need.storeBytes)} a day, ${bytes(need.keptStoreBytes)} kept`],
    ['logs', `${bytes(need.logBytes)} a day, ${bytes(need.keptLogBytes)} kept`],
    ['artifacts', `${bytes(need.artifactBytes)} a day, ${bytes(need.keptArtifactBytes)} kept`],
    ['runtimes fetched', `${need.fetchMbPerSecond.toFixed(1)} MB/s`],
    ['matching, on this machine', `${outcome.matchingUsPerBuild} us a build`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(32)}${value}`).join('\n');
}

function line(order: string, cells: readonly (string | number)[]): string {
  return [order.padEnd(16), ...cells.map((cell) => String(cell).padStart(16))].join('');
}

function spread({ p50, p90, mean }: Spread): string {
  return [p50, p90, mean].map((minutes) => minutes.toFixed(minutes < 100 ? 1 : 0)).join('/');
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let index = 0;
  let size = value;
  for (; size >= 1_000 && index < units.length - 1; index++) size /= 1_000;
  return `${size.toPrecision(3)} ${units[index]}`;
}
