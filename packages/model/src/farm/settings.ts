/** What a part of a farm file says: each setting as the file names it, with its value as text. */
export type Settings = ReadonlyMap<string, string>;

const times = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;
const sizes = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
] as const;

/** Hold names of the user's own, which stay as they are: `env.TimeoutMs` is no time. */
const variables = /^(services\.\w+\.)?env$/;

/**
 * Takes a part of a farm to pieces. It knows no other field by name, so that none is forgotten:
 * `pollMs` is `poll`, `steps` are their names in order, and `steps.build.run` is what one of them runs.
 */
export function settingsOf(part: object): Settings {
  const settings = new Map<string, string>();
  addFields(settings, '', part);
  return settings;
}

function addFields(settings: Map<string, string>, prefix: string, part: object): void {
  for (const [key, value] of Object.entries(part)) {
    const [, field = key, unit] = /^(\w+?)(Ms|Bytes|Percent)$/.exec(key) ?? [];
    const name = field.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (typeof value !== 'number') add(settings, prefix + name, value);
    else settings.set(prefix + name, unit === undefined ? String(value) : amount(value, unit));
  }
}

function add(settings: Map<string, string>, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  if (value instanceof Map) {
    for (const [key, each] of value) add(settings, `${name}.${String(key)}`, each);
  } else if (Array.isArray(value)) {
    if (value.length > 0) settings.set(name, value.map(textOf).join(', '));
    for (const each of value) if (hasName(each)) addNamed(settings, name, each);
  } else if (variables.test(name) && typeof value === 'object') {
    for (const [key, each] of Object.entries(value)) settings.set(`${name}.${key}`, String(each));
  } else if (typeof value === 'object') addFields(settings, `${name}.`, value);
  else settings.set(name, textOf(value));
}

function addNamed(settings: Map<string, string>, list: string, each: { name: unknown }): void {
  const { name, ...rest } = each;
  addFields(settings, `${list}.${String(name)}.`, rest);
}

function hasName(value: unknown): value is { name: unknown } {
  return typeof value === 'object' && value !== null && 'name' in value;
}

function textOf(value: unknown): string {
  if (hasName(value)) return String(value.name);
  if (typeof value !== 'object' || value === null) return String(value);
  return [...settingsOf(value)].map(([, text]) => text).join(' ');
}

/** With the largest unit that leaves no rest, as a farm file writes it. */
function amount(value: number, unit: string): string {
  if (unit === 'Percent') return `${value}%`;
  const fitting = (unit === 'Ms' ? times : sizes).find(([, size]) => value % size === 0);
  const [letters, size] =
    value === 0 || fitting === undefined ? [unit === 'Ms' ? 's' : 'B', 1] : fitting;
  return `${value / size}${letters}`;
}
