import { isMap, isNode, isSeq, type Node, type YAMLMap } from 'yaml';
import { didYouMean } from './suggest.ts';
import type { TextType } from './text-type.ts';
import {
  quoted,
  spanOf,
  textOf,
  writeItOut,
  type Located,
  type Place,
  type ValueType,
} from './value-type.ts';

export interface Entry {
  readonly key: Located<string> & { readonly node: Node | null };
  readonly node: Node | null;
}

/** The entries of a map, each key once: of a key that stands there twice the first one counts. */
export function entriesOf(map: YAMLMap, place: Place): Entry[] {
  const entries = new Map<string, Entry>();
  for (const pair of map.items) {
    const node = asNode(pair.key);
    const at = spanOf(node) ?? place.at;
    const key = textOf(node);
    if (key === null) {
      place.addMisfit(node, 'a key');
      continue;
    }
    if (key === '<<') {
      place.add({ problem: 'a merge key (<<)', suggestion: writeItOut }, at);
      continue;
    }
    if (entries.has(key)) {
      place.key(key, at).add({ problem: `the key ${quoted(key)} stands here twice` });
      continue;
    }
    entries.set(key, { key: { value: key, at, node }, node: asNode(pair.value) });
  }
  return [...entries.values()];
}

/** Each item with its place; one that is wrong is left out. */
export function listOf<T>(
  item: ValueType<T>,
  what: string,
  { min = 0, max = 1_000, unique = false } = {},
): ValueType<readonly Located<T>[]> {
  const expected = `a list of ${what}`;
  return {
    expected,
    blank: [],
    keys: item.keys ?? [],
    schema: {
      type: 'array',
      description: expected,
      items: item.schema,
      minItems: min,
      maxItems: max,
      uniqueItems: unique,
    },
    read(node, place) {
      if (!isSeq(node)) {
        const text = 'parse' in item ? textOf(node) : null;
        place.addMisfit(node, expected, text === null ? null : didYouMean(`[${text}]`));
        return [];
      }
      if (node.items.length < min) place.add({ problem: 'an empty list', expected });
      if (node.items.length > max) {
        place.add({
          problem: 'too many',
          expected: `at most ${max}`,
          came: `${node.items.length}`,
        });
      }
      const items: Located<T>[] = [];
      for (const [index, child] of node.items.slice(0, max).entries()) {
        const value = asNode(child);
        const within = place.item(index, spanOf(value) ?? place.at);
        const read = item.read(value, within);
        if (read === item.blank) continue;
        if (unique && items.some((other) => other.value === read)) {
          within.add({ problem: `${quoted(String(read))} stands here twice` });
        } else {
          items.push({ value: read, at: within.at });
        }
      }
      return items;
    },
  };
}

/** Values by names that the user gives, in the file's order; `at` is where the name stands. */
export function mapOf<T>(
  key: TextType<string>,
  value: ValueType<T>,
  what: string,
  { min = 0, max = Infinity } = {},
): ValueType<ReadonlyMap<string, Located<T>>> {
  const expected = `a map of ${what}`;
  return {
    expected,
    blank: new Map(),
    keys: value.keys ?? [],
    schema: {
      type: 'object',
      description: expected,
      propertyNames: { type: 'string' },
      additionalProperties: value.schema,
      minProperties: min,
      ...(Number.isFinite(max) && { maxProperties: max }),
    },
    read(node, place) {
      if (!isMap(node)) {
        place.addMisfit(node, expected);
        return new Map();
      }
      const { length } = node.items;
      if (length < min) place.add({ problem: 'an empty map', expected });
      if (length > max) {
        place.add({ problem: 'too many', expected: `at most ${max}`, came: `${length}` });
      }
      const values = new Map<string, Located<T>>();
      for (const { key: name, node: child } of entriesOf(node, place)) {
        const within = place.key(name.value, name.at);
        // A wrong name stays, so that what refers to it is not reported as well.
        const known = key.readText(name.value, within) || name.value;
        values.set(known, { value: value.read(child, within), at: name.at });
      }
      return values;
    },
  };
}

function asNode(value: unknown): Node | null {
  return isNode(value) ? value : null;
}
