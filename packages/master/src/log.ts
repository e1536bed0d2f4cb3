/** What a message is about, where the caller knows: fields of a JSON line, beside the words. */
export interface About {
  /** Ids of the store. */
  readonly build?: number;
  readonly request?: number;
  readonly delivery?: number;
  readonly notice?: number;
  /** Names, as pages and API have them. */
  readonly worker?: string;
  readonly builder?: string;
  readonly branch?: string;
}

/** Where the engine tells its operator what happens: one line each. */
export interface Log {
  info(message: string, about?: About): void;
  warn(message: string, about?: About): void;
}

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** The role of the master that a line is from. */
export type Role = 'engine' | 'web';

/** The log on standard error; standard output is for what was asked for. */
export async function openLog(format: LogFormat, role: Role): Promise<Log> {
  if (format === 'text') return stderrLog();
  // A farm with lines for people need not load it.
  const { jsonLog } = await import('./json-log.ts');
  return jsonLog(role);
}

/** Lines with a time stamp on standard error, for people. */
export function stderrLog(): Log {
  const write = (level: string, message: string): void => {
    process.stderr.write(`${new Date().toISOString()} ${level} ${printable(message)}\n`);
  };
  return {
    info: (message) => write('info', message),
    warn: (message) => write('warn', message),
  };
}

/** Says each thing once: a stranger who comes again and again must not fill the log. */
export function onceLog(log: Log): Log {
  const said = new Set<string>();
  const isNews = (message: string): boolean => {
    if (said.has(message)) return false;
    if (said.size >= maxRemembered) said.clear();
    said.add(message);
    return true;
  };
  return {
    info: (message, about) => void (isNews(message) && log.info(message, about)),
    warn: (message, about) => void (isNews(message) && log.warn(message, about)),
  };
}

const maxRemembered = 1_000;

/** Names and messages come from strangers: no control character of theirs reaches a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
