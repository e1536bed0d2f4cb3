import type { JsonSchema } from './json-schema.ts';
import { anyScalar } from './json-schema.ts';
import { quoted, textOf, type Place, type ValueType } from './value-type.ts';

/** What a text means, or that it means nothing and what may have been meant. */
export type Parsed<T> = { readonly value: T } | { readonly suggestion: string | null };

/** A value that is written as one scalar. */
export interface TextType<T> extends ValueType<T> {
  parse(text: string): Parsed<T>;
  /** Reads what is no node of its own: a key, or a default. */
  readText(text: string, place: Place): T;
}

export function textType<T>(
  expected: string,
  blank: T,
  parse: (text: string) => Parsed<T>,
  schema: JsonSchema = anyScalar,
): TextType<T> {
  return {
    expected,
    blank,
    schema: { ...schema, description: expected },
    parse,
    read(node, place) {
      const text = textOf(node);
      const parsed = text === null ? misfit() : parse(text);
      if ('value' in parsed) return parsed.value;
      place.addMisfit(node, expected, parsed.suggestion);
      return blank;
    },
    readText(text, place) {
      const parsed = parse(text);
      if ('value' in parsed) return parsed.value;
      const { suggestion } = parsed;
      place.add({ problem: 'a wrong name', expected, came: quoted(text), suggestion });
      return blank;
    },
  };
}

export function misfit(suggestion: string | null = null): { suggestion: string | null } {
  return { suggestion };
}
