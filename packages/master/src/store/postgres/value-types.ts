import type { CustomTypesConfig } from 'pg';
import pg from 'pg';

/** PostgreSQL's own numbers of its types. */
const oids = { bool: 16, int8: 20, numeric: 1700 } as const;

/** Values as the schema has them and as SQLite gives them: numbers are numbers, and booleans 0 or 1. */
export const valueTypes: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === oids.int8 || oid === oids.numeric) return toNumber;
    if (oid === oids.bool) return (value: string) => (value === 't' ? 1 : 0);
    return pg.types.getTypeParser(oid, format ?? 'text');
  },
};

function toNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`${text} is too large for a number`);
  }
  return value;
}

/** A parameter as the server takes it: its text can't hold a NUL, which SQLite's can. */
export function toParameter(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\u{fffd}')
    : value;
}
