import { bytesText } from '@weir/model/layout';
import { objectPath } from '@weir/protocol';
import type { ApiBuildResolved } from '@weir/protocol';
import { textDifference } from './difference.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath } from './links.ts';
import { age } from './words.ts';

/** What the dependencies of a build came to: the hash first, and what is another than in the last green build. */
export function resolvedSection(resolved: ApiBuildResolved, now: number): Html {
  const { sha256, files } = resolved;
  return html`<h2>Dependencies</h2>
    ${
      sha256 !== null &&
      html`<p>
        <code title="SHA-256 of all of them together">${sha256.slice(0, 12)}</code>
        ${comparison(resolved)}
      </p>`
    }
    <ul class="list">
      ${files.map((file) => html`<li>${fileLine(file, now)}</li>`)}
    </ul>
    ${difference(resolved)}`;
}

function comparison({ sha256, base }: ApiBuildResolved): Html {
  if (base === null) {
    return html`<span class="quiet">No green build before this one recorded any: there is nothing to compare with.</span>`;
  }
  const link = html`<a href="${buildPath(base.id)}">#${base.number}</a>, the last green build`;
  return base.sha256 === sha256
    ? html`<span class="calm">✓ The same as in ${link}.</span>`
    : html`<strong>Not the same</strong> as in ${link}: <code>${base.sha256.slice(0, 12)}</code>`;
}

function fileLine(
  { path, sha256, bytes, text, droppedAt }: ApiBuildResolved['files'][number],
  now: number,
): Html {
  const name = html`<code>${path}</code>`;
  if (sha256 === null || bytes === null) {
    return html`${name} <span class="warning">was not recorded: ${text}</span>`;
  }
  const size = html`<span class="quiet">${bytesText(bytes)}, <code>${sha256.slice(0, 12)}</code></span>`;
  if (droppedAt !== null) {
    return html`${name} ${size} <span class="quiet">kept until ${age(droppedAt, now)}</span>`;
  }
  return html`${bytes === 0 ? name : html`<a href="${objectPath(sha256)}">${name}</a>`} ${size}`;
}

function difference({ base, difference: text, because }: ApiBuildResolved): Html | null {
  if (base === null || text === '') return null;
  if (text === null) {
    return html`<p class="quiet">What is between the two can't be shown: ${because}.</p>`;
  }
  return html`${textDifference(text, 'Difference of the dependencies')}
    ${because !== '' && html`<p class="quiet">${because}.</p>`}`;
}
