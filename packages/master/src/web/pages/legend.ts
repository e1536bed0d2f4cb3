import type { Html } from './html.ts';
import { html } from './html.ts';
import { badge } from './words.ts';

const meanings = [
  ['success', 'all steps passed'],
  ['failure', 'newly failed: look at it'],
  ['again', 'failed before, and still does: see the first one'],
  ['running', 'runs now'],
  ['skipped', 'nothing was tested: its runtime failed'],
  ['exception', "the farm's or the machine's own fault: it runs again"],
  ['lost', 'the machine went away: it runs again'],
  ['cancelled', 'a person ended it'],
] as const;

/** What the colours, glyphs and words mean. */
export function legend(): Html {
  return html`<ul class="legend" aria-label="Legend">
    ${meanings.map(([paint, meaning]) => html`<li>${badge(paint)} <span class="quiet">${meaning}</span></li>`)}
  </ul>`;
}
