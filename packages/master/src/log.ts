/** Where the engine tells its operator what happens: one line each. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** Lines with a time stamp on standard error; standard output is for what was asked for. */
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
  const once = (say: (message: string) => void, message: string): void => {
    if (said.has(message)) return;
    if (said.size >= maxRemembered) said.clear();
    said.add(message);
    say(message);
  };
  return {
    info: (message) => once((text) => log.info(text), message),
    warn: (message) => once((text) => log.warn(text), message),
  };
}

const maxRemembered = 1_000;

/** Names and messages come from strangers: no control character of theirs reaches a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
