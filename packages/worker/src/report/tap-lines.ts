import type { TestOutcome } from '@weir/protocol';

export type TapLine =
  | { readonly type: 'version' }
  | { readonly type: 'plan'; readonly count: number; readonly reason: string }
  | { readonly type: 'bail-out'; readonly reason: string }
  | { readonly type: 'subtest'; readonly name: string }
  | { readonly type: 'comment'; readonly text: string }
  | ({ readonly type: 'point' } & TapPoint);

export interface TapPoint {
  /** Without its number and directive. */
  readonly name: string;
  readonly outcome: TestOutcome;
  /** Why it was skipped, or is to be done. */
  readonly reason: string;
  readonly durationMs: number | undefined;
  /** Its subtest stands behind it, in braces. */
  readonly hasBraces: boolean;
  /** Just `ok`, without number, name or directive. */
  readonly isBare: boolean;
}

const plan = /^(?<first>\d{1,12})\.\.(?<last>\d{1,12})(?:\s|$)/;
const bailOut = /^Bail out!\s*(?<reason>.*)$/i;
const subtest = /^# Subtest(?:: (?<name>.*))?$/;
const point = /^(?<no>not )?ok(?:\s+(?<id>\d+))?(?:(?:\s+-)?\s+(?<rest>\S.*))?$/;
/** Stands behind a `#` that is not escaped, at the beginning of a word. */
const directive = /(?:^|\s)(?<!\\)#\s*(?<kind>todo|skip)\S*(?:\s+(?<reason>.*))?$/i;
const time =
  /(?:^|\s)#\s*(?:time=(?<count>\d+(?:\.\d+)?)(?<unit>ms|s)|duration_ms (?<ms>\d+(?:\.\d+)?))$/;

/** What one line without its indentation is in TAP; null: it is something that a test printed. */
export function parseTapLine(text: string): TapLine | null {
  if (/^TAP version \d+$/i.test(text)) return { type: 'version' };
  const planned = plan.exec(text)?.groups;
  if (planned !== undefined) {
    const count = Number(planned['last']) - Number(planned['first']) + 1;
    const reason = directive.exec(text)?.groups?.['reason'] ?? '';
    return { type: 'plan', count: Math.max(0, count), reason };
  }
  const bail = bailOut.exec(text)?.groups;
  if (bail !== undefined) return { type: 'bail-out', reason: bail['reason'] ?? '' };
  if (text.startsWith('#')) {
    const begun = subtest.exec(text)?.groups;
    if (begun !== undefined) return { type: 'subtest', name: (begun['name'] ?? '').trim() };
    return { type: 'comment', text: text.replace(/^#+ ?/, '') };
  }
  const groups = point.exec(text)?.groups;
  return groups === undefined ? null : { type: 'point', ...pointOf(groups) };
}

function pointOf({ no, id, rest = '' }: Record<string, string | undefined>): TapPoint {
  const isOk = no === undefined;
  const text = withoutBrace(rest);
  const match = directive.exec(text);
  const { kind, reason = '' } = match?.groups ?? {};
  const durationMs = commentMs(text);
  const end = match?.index ?? (durationMs === undefined ? text.length : text.search(time));
  const description = text.slice(0, end).trimEnd();
  const name = withoutBrace(description);
  return {
    name: name.replaceAll(/\\([#\\])/g, '$1').trim(),
    outcome: outcomeOf(isOk, kind?.toLowerCase()),
    reason,
    durationMs,
    hasBraces: text !== rest || name !== description,
    isBare: isOk && id === undefined && rest === '',
  };
}

/** The brace that opens a subtest stands at the end, or before the directive. */
function withoutBrace(text: string): string {
  return text === '{' || text.endsWith(' {') ? text.slice(0, -1).trimEnd() : text;
}

function outcomeOf(isOk: boolean, kind: string | undefined): TestOutcome {
  if (kind === 'skip') return 'skipped';
  if (kind === 'todo') return isOk ? 'unexpected-pass' : 'expected-failure';
  return isOk ? 'passed' : 'failed';
}

/** `# time=5ms`, as node-tap writes it, and `# duration_ms 5` of node:test. */
export function commentMs(text: string): number | undefined {
  const groups = time.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { count, unit, ms = count } = groups;
  return Number(ms) * (unit === 's' ? 1_000 : 1);
}
