import type { BuilderPlan, PartPlan, Plan, PlanAction, SettingChange } from '@weir/protocol';
import { isEmptyPlan, summaryOf } from './plan.ts';

/** One line of a plan: its sign says what comes (`+`), goes (`-`) or changes (`~`). */
export interface PlanLine {
  readonly sign: '+' | '-' | '~' | ' ';
  /** 1 for what belongs to the line above. */
  readonly depth: 0 | 1;
  readonly text: string;
}

const signs: Readonly<Record<PlanAction, PlanLine['sign']>> = {
  added: '+',
  removed: '-',
  changed: '~',
};
/** Of a farm of thousands nobody reads every project and every builder. */
const maxOfKind = 40;
const maxValue = 60;

/** A plan for people: the parts of the file, then the builders, at most so many of each kind. */
export function planLines(plan: Plan): PlanLine[] {
  const parts = Map.groupBy(plan.parts, ({ part }) => part);
  return [...[...parts.values()].flatMap(partsLines), ...builderLines(plan.builders)];
}

/** A plan in a line: `2 builders added, 1 removed; 3 requests cancelled; 1 build goes on as it was begun`. */
export function planSentence(plan: Plan): string {
  if (isEmptyPlan(plan)) return 'nothing changes';
  const { builders, requests, running } = summaryOf(plan);
  const actions = (['added', 'removed', 'changed'] as const).filter((each) => builders[each] > 0);
  const first = actions[0];
  const moved = actions.map((each) =>
    each === first ? `${counted(builders[each], 'builder')} ${each}` : `${builders[each]} ${each}`,
  );
  return [
    moved.length === 0 ? 'no builder changes' : moved.join(', '),
    ...(requests.cancelled > 0
      ? [`${counted(requests.cancelled, 'waiting request')} cancelled`]
      : []),
    ...(requests.changed > 0
      ? [`${counted(requests.changed, 'waiting request')} built by what changed`]
      : []),
    ...(running > 0
      ? [`${counted(running, 'running build')} ${running === 1 ? 'goes' : 'go'} on as begun`]
      : []),
  ].join('; ');
}

function partsLines(parts: readonly PartPlan[]): PlanLine[] {
  const lines = parts.slice(0, maxOfKind).flatMap(partLines);
  const more = parts.length - maxOfKind;
  if (more <= 0) return lines;
  return [...lines, { sign: '~', depth: 0, text: `${counted(more, parts[0]?.part ?? '')} more` }];
}

function partLines({ part, name, action, settings }: PartPlan): PlanLine[] {
  const of = settings.map((change): PlanLine => ({
    sign: signOf(change),
    depth: 1,
    text: settingText(change),
  }));
  return [{ sign: signs[action], depth: 0, text: `${part} ${name}` }, ...of];
}

function signOf({ before, after }: SettingChange): PlanLine['sign'] {
  if (before === null) return after === null ? '~' : '+';
  return after === null ? '-' : '~';
}

function settingText({ setting, before, after }: SettingChange): string {
  const [was, is] = [shown(before), shown(after)];
  if (before !== null && after !== null) {
    return was === null || is === null ? `${setting} changed` : `${setting}: ${was} → ${is}`;
  }
  const value = was ?? is;
  if (value !== null) return `${setting}: ${value}`;
  return before === null && after === null ? `${setting} changed` : setting;
}

/** Null for what is no short line: a whole script is read in the difference of the texts. */
function shown(value: string | null): string | null {
  if (value === null) return null;
  const line = value.trimEnd();
  return line.includes('\n') || line.length > maxValue ? null : line;
}

function builderLines(builders: readonly BuilderPlan[]): PlanLine[] {
  const byAction = Map.groupBy(builders, ({ action }) => action);
  return (['removed', 'added', 'changed'] as const).flatMap((action) => {
    const all = byAction.get(action) ?? [];
    const lines = all
      .slice(0, maxOfKind)
      .map((each): PlanLine => ({ sign: signs[action], depth: 0, text: builderText(each) }));
    const more = all.length - lines.length;
    if (more === 0) return lines;
    const rest = `${counted(more, 'builder')} more`;
    return [...lines, { sign: signs[action], depth: 0, text: rest }];
  });
}

function builderText({ name, changed, waiting, fate, running }: BuilderPlan): string {
  const facts = [
    ...(changed.length > 0 ? [changed.join(', ')] : []),
    ...(waiting > 0 && fate !== 'kept' ? [`${waiting} waiting ${fateText[fate]}`] : []),
    ...(running > 0 ? [`${running} running ${running === 1 ? 'goes' : 'go'} on as begun`] : []),
  ];
  return `builder ${name}${facts.length > 0 ? `: ${facts.join('; ')}` : ''}`;
}

const fateText = {
  changed: 'built by what changed',
  cancelled: 'cancelled',
} as const;

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
