/** Hours of some days in which the owner wants the machine for himself. */
export interface QuietHours {
  /** 0 is Sunday, as `Date` counts. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight. What ends before it begins ends on the next day. */
  readonly from: number;
  readonly to: number;
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minutesOfDay = 1_440;
/** Chained hours: those of a whole week never end. */
const maxChained = 15;

export const quietHoursForm = 'Mon-Fri 09:00-18:00, Sat,Sun 00:00-24:00 or 22:00-07:00';

/** Reads `Mon-Fri 09:00-18:00`; undefined for what is nothing of the kind. */
export function parseQuietHours(text: string): QuietHours | undefined {
  const form = /^(?:(\S+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/;
  const [, named, fromHour, fromMinute, toHour, toMinute] = form.exec(text.trim()) ?? [];
  const days = daysOf(named);
  const from = minuteOf(fromHour, fromMinute);
  const to = minuteOf(toHour, toMinute);
  if (days === undefined || from === undefined || to === undefined) return undefined;
  return from === to || from === minutesOfDay ? undefined : { days, from, to };
}

function daysOf(named: string | undefined): Set<number> | undefined {
  if (named === undefined) return new Set(dayNames.keys());
  const days = new Set<number>();
  for (const part of named.toLowerCase().split(',')) {
    const [first = '', last = first] = part.split('-');
    const [start, end] = [dayNames.indexOf(first), dayNames.indexOf(last)];
    if (start === -1 || end === -1) return undefined;
    for (let day = start; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === end) break;
    }
  }
  return days;
}

function minuteOf(hour: string | undefined, minute: string | undefined): number | undefined {
  const [hours, minutes] = [Number(hour), Number(minute)];
  const at = hours * 60 + minutes;
  return minutes < 60 && at <= minutesOfDay ? at : undefined;
}

/** When the quiet hours end that hold now, by this machine's clock and zone; null when none do. */
export function quietUntil(all: readonly QuietHours[], now: Date): Date | null {
  let until: Date | null = null;
  for (let chained = 0; chained < maxChained; chained += 1) {
    const at: Date = until ?? now;
    const ends = all.flatMap((hours) => endOf(hours, at));
    if (ends.length === 0) return until;
    until = new Date(Math.max(...ends.map((end) => end.getTime())));
  }
  return until;
}

/** When these hours end, if they hold at a moment: those that began on its day, or the day before. */
function endOf({ days, from, to }: QuietHours, at: Date): Date[] {
  const length = to > from ? to - from : to + minutesOfDay - from;
  return [0, 1].flatMap((daysAgo) => {
    const day = new Date(at.getFullYear(), at.getMonth(), at.getDate() - daysAgo);
    if (!days.has(day.getDay())) return [];
    const start = minutesAfter(day, from);
    const end = minutesAfter(day, from + length);
    return start <= at && at < end ? [end] : [];
  });
}

/** By the clock on the wall, whatever summer time does to the day. */
function minutesAfter(day: Date, minutes: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), 0, minutes);
}
