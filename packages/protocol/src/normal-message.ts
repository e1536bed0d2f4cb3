/** So much of a message is looked at; what follows makes no other message of it. */
const maxLength = 2_000;

/**
 * What differs between two runs of one failure, and what stands for it. In this order; each takes
 * time in proportion to the text.
 */
const rules: readonly (readonly [RegExp, string])[] = [
  // Colours: ECMA-48 control sequences.
  // oxlint-disable-next-line no-control-regex
  [/\u001b\[[0-9;?]*[ -/]*[@-~]/g, ''],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, 'TIME'],
  [/\b\d{4}-\d\d-\d\d\b/g, 'TIME'],
  [/\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b/g, 'TIME'],
  [/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, 'UUID'],
  [/\b0x[\da-f]+\b/gi, 'ADDRESS'],
  // Hashes and names of temporary files: hexadecimal, with digits and letters.
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{8,}\b/gi, 'HEX'],
  [/\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms|s|sec|secs|seconds?|minutes?)\b/g, 'DURATION'],
  // Of an absolute path the last name is left.
  [/(?:file:\/\/)?(?:\b[A-Za-z]:)?(?<![\w.])(?:[/\\][\w.@+~-]+)+[/\\]/g, ''],
  [/\bline \d+/gi, 'line N'],
  [/(?<=\.\w{1,10}):\d+(?::\d+)?/g, ':N'],
  [/(?<=\.\w{1,10})\(\d+(?:,\d+)?\)/g, '(N)'],
  [/\s+/g, ' '],
];

/**
 * A test's first message without what changes from run to run and from machine to machine: colours,
 * times, durations, addresses, hashes, the folders of paths, line numbers, and how much space there
 * is. Two messages with the same normal form are taken for the same failure. Numbers that a test
 * compares stay.
 */
export function normalMessage(message: string): string {
  let text = message.slice(0, maxLength);
  for (const [pattern, instead] of rules) text = text.replace(pattern, instead);
  return text.trim();
}
