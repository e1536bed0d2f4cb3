import { destination, pino, stdTimeFunctions } from 'pino';
import type { About, Log, Role } from './log.ts';

/**
 * One JSON object per line: `time`, `level`, `role`, `msg` and what it is about. Lines are written at
 * once, so that the last one before an end is there.
 */
export function jsonLog(role: Role, fd = 2): Log {
  const out = destination({ fd, sync: true, maxLength: maxUnwritten });
  // A log that can't be written, as its disk is full or nobody reads it any more, ends no farm.
  out.on('error', () => {});
  const logger = pino(
    {
      base: { role },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    out,
  );
  return {
    info: (message, about = {}) => logger.info(clean(about), printable(message)),
    warn: (message, about = {}) => logger.warn(clean(about), printable(message)),
  };
}

/** Bytes that wait for a log that can't be written; what is more is lost. */
const maxUnwritten = 1024 * 1024;

/** Names come from strangers, as messages do. */
function clean(about: About): object {
  return Object.fromEntries(
    Object.entries(about).map(([name, value]: [string, string | number]) => [
      name,
      typeof value === 'string' ? printable(value) : value,
    ]),
  );
}

/** JSON escapes the control characters of ASCII, and lets all others through to a terminal. */
function printable(text: string): string {
  return text.replace(/[\u007F-\u009F\p{Cf}]/gu, '\uFFFD');
}
