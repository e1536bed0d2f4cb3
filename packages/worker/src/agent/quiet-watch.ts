import type { QuietHours } from './quiet-hours.ts';
import { quietUntil } from './quiet-hours.ts';

const everyMs = 30_000;

/** Tells why no builds are taken while quiet hours hold: at once if so, then whenever that changes. */
export function watchQuietHours(
  hours: readonly QuietHours[],
  changed: (resting: string | null) => void,
): Disposable {
  let said: string | null = null;

  function look(): void {
    const now = new Date();
    const until = quietUntil(hours, now);
    const resting = until === null ? null : `quiet hours until ${timeText(until, now)}`;
    if (resting === said) return;
    said = resting;
    changed(resting);
  }

  look();
  const timer = setInterval(look, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The owner's time, which readers elsewhere are told the zone of; with the day where it is another one. */
function timeText(at: Date, now: Date): string {
  const isToday = at.toDateString() === now.toDateString();
  return at.toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    ...(!isToday && { weekday: 'short' }),
  });
}
