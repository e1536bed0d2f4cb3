import { isMap } from 'yaml';
import { entriesOf, type Entry } from './collections.ts';
import type { Span } from './error-list.ts';
import type { JsonSchema } from './json-schema.ts';
import { suggest } from './suggest.ts';
import type { TextType } from './text-type.ts';
import { quoted, type Place, type ValueType } from './value-type.ts';

/** One key of a farm file: the row of the table that checks it and that documents it. */
export interface Option<T> {
  readonly type: ValueType<T>;
  /** For people: what it is, its unit, what follows from it. */
  readonly about: string;
  /** What stands there when the file does not say: as it would be written, or in words. */
  readonly fallback: { readonly written: string; readonly value: T } | null;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

type Values<S extends Options> = {
  readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never;
};

export interface Section<S extends Options> {
  readonly values: Values<S>;
  /** Where a key stands; for one that the file leaves out, where the section's own key does. */
  at(key: keyof S): Span;
}

export function required<T>(type: ValueType<T>, about: string): Option<T> {
  return { type, about, fallback: null };
}

/** An option whose default is written as a user would write it, and read by the same type. */
export function option<T>(type: TextType<T>, written: string, about: string): Option<T> {
  const parsed = type.parse(written);
  if (!('value' in parsed)) {
    throw new Error(`the default ${quoted(written)} is no ${type.expected}`);
  }
  return { type, about, fallback: { written, value: parsed.value } };
}

/** An option that is null when the file leaves it out, with words for what that means. */
export function optional<T>(type: ValueType<T>, meaning: string, about: string): Option<T | null> {
  return { type, about, fallback: { written: meaning, value: null } };
}

/** An option that is blank when the file leaves it out: an empty list or map, a section of defaults. */
export function orBlank<T>(type: ValueType<T>, meaning: string, about: string): Option<T> {
  return { type, about, fallback: { written: meaning, value: type.blank } };
}

/**
 * A map with keys from a table. `short` names two options that a map of one other key gives, be it
 * the name of an option, too: `- NAME: COMMAND` for a step, and `- install: COMMAND`.
 */
export function section<S extends Options>(
  options: S,
  short?: readonly [name: string & keyof S, value: string & keyof S],
): ValueType<Section<S>> {
  const expected = `a map of ${Object.keys(options).join(', ')}`;
  const blank = sectionOf(options, new Map(), null);
  return {
    expected,
    blank,
    keys: Object.keys(options),
    schema: schemaOf(options, short),
    read(node, place) {
      if (!isMap(node)) {
        place.addMisfit(node, expected);
        return blank;
      }
      const written = entriesOf(node, place);
      const [only] = written;
      if (short && only && written.length === 1 && !short.includes(only.key.value)) {
        return sectionOf(options, lengthened(only, short), place);
      }
      const known = new Map<string, Entry>();
      for (const entry of written) {
        if (Object.hasOwn(options, entry.key.value)) known.set(entry.key.value, entry);
        else addUnknownKey(entry.key, options, place);
      }
      return sectionOf(options, known, place);
    },
  };
}

function schemaOf(options: Options, short?: readonly [string, string]): JsonSchema {
  const keys = Object.entries(options);
  const whole: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(
      keys.map(([key, { type, about }]) => [key, { ...type.schema, description: about }]),
    ),
    required: keys.flatMap(([key, { fallback }]) => (fallback === null ? [key] : [])),
    additionalProperties: false,
  };
  const value = short && options[short[1]]?.type.schema;
  if (value === undefined) return whole;
  const brief = { type: 'object', additionalProperties: value, minProperties: 1, maxProperties: 1 };
  return { anyOf: [whole, brief] };
}

function lengthened(
  { key, node }: Entry,
  [name, value]: readonly [string, string],
): ReadonlyMap<string, Entry> {
  return new Map([
    [name, { key, node: key.node }],
    [value, { key, node }],
  ]);
}

function addUnknownKey({ value, at }: Entry['key'], options: Options, place: Place): void {
  const known = Object.keys(options);
  place.key(value, at).add({
    problem: 'an unknown key',
    expected: `one of ${known.join(', ')}`,
    suggestion: placeOf(value, options) ?? suggest(value, known),
  });
}

/** Where a key belongs that stands one level too high. */
function placeOf(key: string, options: Options): string | null {
  const places = Object.entries(options).filter(([, { type }]) => type.keys?.includes(key));
  if (places.length === 0) return null;
  return `it belongs further down, within ${places.map(([name]) => name).join(' or ')}`;
}

/** Without a place nothing is reported: something larger is wrong, and was. */
function sectionOf<S extends Options>(
  options: S,
  entries: ReadonlyMap<string, Entry>,
  place: Place | null,
): Section<S> {
  const values: Record<string, unknown> = {};
  for (const [key, { type, fallback }] of Object.entries(options)) {
    const entry = entries.get(key);
    if (entry && place) values[key] = type.read(entry.node, place.key(key, entry.key.at));
    else if (fallback) values[key] = fallback.value;
    else {
      place?.add({ problem: `the key ${key} is missing`, expected: type.expected });
      values[key] = type.blank;
    }
  }
  const nowhere = place?.at ?? { start: 0, end: 0 };
  return {
    values: values as Values<S>,
    at: (key) => entries.get(String(key))?.key.at ?? nowhere,
  };
}
