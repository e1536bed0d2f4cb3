import { durationText } from '@weir/model/layout';
import { testCount } from '@weir/protocol';
import type { StepReport } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** What a test suite said: its totals, then the tests that say why it is no pass. */
export function stepReport({ totals, durationMs, named, mismatch, state, text }: StepReport): Html {
  const { passed, failed, skipped, expectedFailures, unexpectedPasses } = totals;
  const counts = [
    [passed, 'passed'],
    [failed, 'failed'],
    [skipped, 'skipped'],
    [expectedFailures, 'failed as expected'],
    [unexpectedPasses, 'passed unexpectedly'],
  ] as const;
  const words = counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]));
  const total = testCount(totals) === 0 ? 'no tests' : words.join(', ');
  const rest = failed + unexpectedPasses - named.length;
  return html`<div class="step-report">
    <p>
      Tests: ${state === 'missing' ? text : total}${durationMs !== null && html` <span class="quiet">in ${durationText(durationMs)}</span>`}
      ${state !== 'read' && state !== 'missing' && html`<span class="quiet">(${text})</span>`}
      ${mismatch !== null && html`<span class="quiet">(${mismatch})</span>`}
    </p>
    ${
      named.length > 0 &&
      html`<ul class="test-list">
      ${named.map(namedTest)}
      ${rest > 0 && html`<li class="quiet">and ${rest} more</li>`}
    </ul>`
    }
  </div>`;
}

function namedTest({ name, outcome, message }: StepReport['named'][number]): Html {
  const [first = ''] = message.split('\n');
  const words = outcome === 'unexpected-pass' ? 'passed unexpectedly' : first;
  return html`<li><code>${name}</code> ${words !== '' && html`<span class="quiet">${words}</span>`}</li>`;
}
