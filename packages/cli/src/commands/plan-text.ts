import process from 'node:process';
import { styleText } from 'node:util';
import { planLines } from '@weir/model';
import type { Plan } from '@weir/protocol';

const colours: Readonly<Record<string, 'green' | 'red' | 'yellow' | 'cyan'>> = {
  '+': 'green',
  '-': 'red',
  '~': 'yellow',
  '@': 'cyan',
};

/** A plan, a line for each thing: `+` comes, `-` goes, `~` changes. */
export function formatPlan(plan: Plan): string {
  return planLines(plan)
    .map(({ sign, depth, text }) => painted(sign, `${'  '.repeat(depth)}${sign} ${text}`))
    .map((line) => `${line}\n`)
    .join('');
}

/** A unified difference, in colour where there is any. */
export function formatDifference(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => painted(line.slice(0, 1), line))
    .join('\n');
}

function painted(sign: string, line: string): string {
  const colour = colours[sign];
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];
  return isColoured && colour !== undefined ? styleText(colour, line) : line;
}
