import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

/** The command line can't be understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `parseArgs` of Node, with its complaints as usage errors. */
export function parseCommandLine<const T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @throws UsageError when the value is no whole number in the range */
export function parseWhole(
  value: string,
  option: string,
  range: { min: number; max: number },
): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < range.min || number > range.max) {
    throw new UsageError(
      `${option} takes a whole number from ${range.min} to ${range.max}, not '${value}'`,
    );
  }
  return number;
}

/** @throws UsageError when the value is none of these */
export function parseOneOf<const T extends string>(
  value: string,
  option: string,
  known: readonly T[],
): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} takes ${known.join(' or ')}, not '${value}'`);
}

/** `URL=PATH` arguments as a map. @throws UsageError when one has no `=` */
export function parseRemotes(values: readonly string[]): Map<string, string> {
  return new Map(
    values.map((value) => {
      const at = value.lastIndexOf('=');
      if (at < 1 || at === value.length - 1) {
        throw new UsageError(`--remote takes URL=PATH, not '${value}'`);
      }
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
}

/** @throws UsageError when it is no port */
export function parsePort(value: string, option: string): number {
  return parseWhole(value, option, { min: 0, max: 65_535 });
}
