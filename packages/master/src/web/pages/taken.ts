import type { ApiTaken } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, workerPath } from './links.ts';
import { badge } from './words.ts';

/** The tries that infrastructure took, each with its reason, under a sentence that counts them. */
export function takenList(sentence: string, taken: readonly ApiTaken[]): Html | null {
  if (taken.length === 0) return null;
  return html`<p>${sentence} <span class="quiet">That says nothing about the code.</span></p>
    <ul class="list">
      ${taken.map(
        ({ build, number, worker, result, text }) =>
          html`<li>
            <a href="${buildPath(build)}">#${number}</a> ${badge(result)} on
            <a href="${workerPath(worker)}">${worker}</a>${text !== '' && html`: ${text}`}
          </li>`,
      )}
    </ul>`;
}
