import { Cron } from 'croner';
import { listOf } from './collections.ts';
import { duration } from './quantities.ts';
import { option, optional, orBlank, section } from './section.ts';
import { misfit, textType } from './text-type.ts';

const cron = textType<string>(
  'five fields of cron, such as 30 3 * * 1-5: minute, hour, day of the month, month, day of the week',
  '',
  (text) => (text.trim().split(/\s+/).length === 5 && isCron(text) ? { value: text } : misfit()),
);

const timezone = textType<string>('a time zone such as Europe/Berlin or UTC', 'UTC', (text) =>
  isTimezone(text) ? { value: text } : misfit(),
);

export const scheduleOptions = {
  cron: optional(cron, 'none', 'At these times. Beside it there is no `every`.'),
  timezone: option(
    timezone,
    'UTC',
    'Where the times of `cron` are. A time that summer time leaves out comes when the hour that it leaves out ends; a time of day that it repeats comes once.',
  ),
  every: optional(duration('1m', '365d'), 'none', 'So long after the time before.'),
};

/** The option `schedule` of an upstream and a project. */
export const schedule = (what: string) =>
  orBlank(
    listOf(section(scheduleOptions), 'times, each with cron or every', { max: 20 }),
    'none',
    `When ${what} by the clock, at the newest known changes, even when nothing changed. What was missed while the master was down is made up for once.`,
  );

function isCron(text: string): boolean {
  try {
    return new Cron(text, { paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false;
  }
}
