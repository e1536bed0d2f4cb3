import type { TestChangeKind, TestOutcome } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** How an outcome is said and painted; the paints are those of results. */
export const outcomeWords: Readonly<
  Record<TestOutcome, { readonly glyph: string; readonly word: string; readonly paint: string }>
> = {
  passed: { glyph: '✓', word: 'passed', paint: 'success' },
  failed: { glyph: '✗', word: 'failed', paint: 'failure' },
  skipped: { glyph: '–', word: 'skipped', paint: 'skipped' },
  'expected-failure': { glyph: '✓', word: 'failed as expected', paint: 'success' },
  'unexpected-pass': { glyph: '!', word: 'passed unexpectedly', paint: 'warnings' },
};

export const changeWords: Readonly<Record<TestChangeKind, string>> = {
  'newly-failing': 'newly failing',
  vanished: 'vanished',
  'newly-skipped': 'newly skipped',
  slower: 'much slower',
  fixed: 'fixed',
  unskipped: 'not skipped any more',
  new: 'new',
};

/** Glyph and word: colour never stands alone. Null: the test is not there. */
export function outcomeBadge(outcome: TestOutcome | null): Html {
  if (outcome === null) return html`<span class="quiet">not there</span>`;
  const { glyph, word, paint } = outcomeWords[outcome];
  return html`<span class="badge ${paint}"
    ><span aria-hidden="true">${glyph}</span> <span class="word">${word}</span></span
  >`;
}

/** What stands behind the outcome of a test that was tried more than once. */
export function triesText(attempts = 1): string {
  return attempts > 1 ? ` at try ${attempts}` : '';
}
