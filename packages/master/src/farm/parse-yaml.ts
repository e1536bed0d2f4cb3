import { parseDocument, type ParsedNode, type YAMLError } from 'yaml';
import type { ErrorList } from './error-list.ts';

// YAML 1.2, section 5.1: what a stream may not hold unless escaped.
// oxlint-disable-next-line no-control-regex
const unprintable = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF\p{Surrogate}]/u;

/**
 * Parses a farm file as YAML 1.2 in which every scalar is text, so that `3.10` stays `3.10` and
 * `no` stays `no`. Null when there is nothing to read on with; the errors then say why.
 */
export function parseYaml(text: string, errors: ErrorList): ParsedNode | null {
  const stray = unprintable.exec(text);
  if (stray) {
    addStrayCharacter(stray[0], stray.index, errors);
    return null;
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    stringKeys: true,
    // Its check compares each key with each other one; the sections have a check of their own.
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
  });
  addFaults([...document.errors, ...document.warnings], errors);
  if (!errors.isEmpty) return null;
  if (document.contents === null) {
    errors.add({ at: { start: 0, end: 0 }, problem: 'the file is empty' });
    return null;
  }
  return document.contents;
}

function addStrayCharacter(character: string, index: number, errors: ErrorList): void {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  errors.add({
    at: { start: index, end: index + 1 },
    problem: 'a control character',
    expected: 'printable text',
    came: `U+${code}`,
  });
}

/** Too deep a nesting is reported once, not for each level at which the parser's stack ended. */
function addFaults(faults: readonly YAMLError[], errors: ErrorList): void {
  const tooDeep = faults.findLast(({ code }) => code === 'RESOURCE_EXHAUSTION');
  for (const { pos, code, message } of tooDeep ? [tooDeep] : faults) {
    const words = faultsInWords[code] ?? `no YAML: ${message}`;
    errors.add({ at: { start: pos[0], end: pos[1] }, problem: words });
  }
}

const faultsInWords: Partial<Record<YAMLError['code'], string>> = {
  RESOURCE_EXHAUSTION: 'nested too deeply',
  MULTIPLE_DOCS: 'a second YAML document: a farm file is one document',
  NON_STRING_KEY: 'a key that is no text',
  TAB_AS_INDENT: 'a tab as indentation: YAML wants spaces',
  TAG_RESOLVE_FAILED: 'a tag: a farm file has none',
};
