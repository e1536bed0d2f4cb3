import process from 'node:process';
import { JoinError } from '../join/find-farm.ts';
import { printable } from '../printable.ts';

export type LogFormat = 'text' | 'json';

/** What a line is about: fields of a JSON line, beside the words. */
export interface SaidAbout {
  readonly build?: number;
  readonly builder?: string;
}

export type Say = (message: string, about?: SaidAbout) => void;

/** Tells the worker's owner on standard output what happens: lines for people, or JSON objects. */
export function sayAs(format: LogFormat, worker: string): Say {
  if (format === 'text') {
    return (message) => void process.stdout.write(`${worker}: ${printable(message)}\n`);
  }
  return (message, { build, builder } = {}) => {
    const time = new Date().toISOString();
    const about = { worker, build, builder: builder && printable(builder) };
    const line = { level: 'info', time, role: 'agent', ...about, msg: printable(message) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
}

/** The option `--log`, else the variable. @throws JoinError when it is none of them */
export function parseLogFormat(value: string | undefined): LogFormat {
  const format = value ?? (process.env['WEIR_LOG'] || 'text');
  if (format === 'text' || format === 'json') return format;
  throw new JoinError(`--log takes text or json, not '${format}'`);
}
