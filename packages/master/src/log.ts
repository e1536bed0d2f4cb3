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

/** Names and messages come from strangers: no control character of theirs reaches a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
