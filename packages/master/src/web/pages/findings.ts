import { meaningOfFinding } from '@weir/protocol';
import type { Finding } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** Findings by their words, each with what it means for who points at it. */
export function findingList(findings: readonly Finding[]): Html {
  return html`${findings.map(
    (finding, index) =>
      html`${index > 0 && ', '}<abbr class="finding" title="${meaningOfFinding[finding]}">${finding}</abbr>`,
  )}`;
}

/** Findings, and behind a colon what a build or a step says of its end. */
export function findingsAndText(findings: readonly Finding[], text: string): Html {
  return html`${findingList(findings)}${findings.length > 0 && text !== '' && ': '}${text}`;
}

/** Each with its meaning, to be read. */
export function findingMeanings(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html``;
  return html`<ul class="list">
    ${findings.map((finding) => html`<li class="quiet">${finding}: ${meaningOfFinding[finding]}</li>`)}
  </ul>`;
}
