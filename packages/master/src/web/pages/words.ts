import { ageText, aheadText, durationText, etaText } from '@weir/model/layout';
import type { ApiBuildSummary, Result, Verdict } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** How a build is painted: its result, or that it runs (out of reach, if detached), or that it failed once more. */
export type Paint = Result | 'running' | 'detached' | 'again';

const looks: Readonly<Record<Paint, { glyph: string; word: string }>> = {
  success: { glyph: '✓', word: 'success' },
  warnings: { glyph: '!', word: 'warnings' },
  failure: { glyph: '✗', word: 'failure' },
  again: { glyph: '✗', word: 'failed again' },
  skipped: { glyph: '–', word: 'skipped' },
  exception: { glyph: '⚡', word: 'exception' },
  cancelled: { glyph: '⊘', word: 'cancelled' },
  lost: { glyph: '?', word: 'lost' },
  running: { glyph: '▶', word: 'running' },
  detached: { glyph: '⌁', word: 'detached' },
};

export function paintOf(build: Pick<ApiBuildSummary, 'state' | 'result' | 'failedAgain'>): Paint {
  if (build.failedAgain) return 'again';
  return build.state === 'finished' ? (build.result ?? 'exception') : build.state;
}

/** Glyph and word: colour never stands alone. */
export function badge(paint: Paint): Html {
  const { glyph, word } = looks[paint];
  return html`<span class="badge ${paint}"
    ><span aria-hidden="true">${glyph}</span> <span class="word">${word}</span></span
  >`;
}

export function glyphOf(paint: Paint): string {
  return looks[paint].glyph;
}

export function wordOf(paint: Paint): string {
  return looks[paint].word;
}

const verdictGlyphs: Readonly<Record<Verdict, string>> = {
  green: '✓',
  red: '✗',
  'never green': '○',
  unknown: '·',
};

/** Told apart without its colour. */
export function verdictGlyph(verdict: Verdict): string {
  return verdictGlyphs[verdict];
}

/** The style of a verdict. */
export function verdictClass(verdict: Verdict): string {
  return `v-${verdict.replace(' ', '-')}`;
}

/** A moment, with its age in words that the page keeps fresh. */
export function age(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${momentText(iso)}" data-age>${ageText(now - at)}</time>`;
}

function momentText(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
}

/** A moment to come, in words that the page keeps fresh. */
export function ahead(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${momentText(iso)}" data-ahead>${aheadText(at - now)}</time>`;
}

/** How long something took, or has been going on: then the page counts on. */
export function duration(from: number, to: number | null, now: number): Html {
  if (to !== null) return html`${durationText(to - from)}`;
  const iso = new Date(from).toISOString();
  return html`<time datetime="${iso}" data-elapsed>${durationText(now - from)}</time>`;
}

/** When a build that runs is expected to end, by how long its builder usually takes; the page counts on. */
export function eta(end: number, now: number): Html {
  const iso = new Date(end).toISOString();
  return html`<time datetime="${iso}" data-eta>${etaText(end - now)}</time>`;
}

export { countText } from '@weir/protocol';

/** The first ten digits of a commit's hash. */
export function shortCommit(commit: string): Html {
  return html`<code title="${commit}">${commit.slice(0, 10)}</code>`;
}
