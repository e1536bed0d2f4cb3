import { durationText } from '@weir/model/layout';
import { numberText, totalsText } from '@weir/protocol';
import type { SeenExpectation, StepReport } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { testHistoryPath, testsPath } from './links.ts';

/** Where a report stands. */
export interface ReportPlace {
  readonly build: number;
  readonly builder: string;
  readonly step: { readonly index: number; readonly name: string };
}

/** What a test suite said: its totals, then the tests that say why it is no pass. */
export function stepReport(report: StepReport, place: ReportPlace): Html {
  const { totals, named, tests, state, text, mismatch, expected = [] } = report;
  const rest = totals.failed + totals.unexpectedPasses - named.length;
  const all = testsPath(place.build, { step: place.step.index });
  return html`<div class="step-report">
    <p>
      Tests: ${state === 'missing' ? text : totalsInWords(report)}
      ${state !== 'missing' && text !== '' && html`<span class="quiet">(${text})</span>`}
      ${mismatch !== null && html`<span class="quiet">(${mismatch})</span>`}
      ${tests !== undefined && html`<a href="${all}">all tests, and what changed</a>`}
    </p>
    ${
      named.length > 0 &&
      html`<ul class="test-list">
      ${named.map((test) => namedTest(test, tests === undefined ? null : place))}
      ${rest > 0 && html`<li class="quiet">and ${numberText(rest)} more</li>`}
    </ul>`
    }
    ${expected.filter(({ failed }) => failed > 0).map(expectation)}
  </div>`;
}

/** `118 passed, 2 failed in 3 s` */
export function totalsInWords({ totals, durationMs }: StepReport): Html {
  return html`${totalsText(totals)}${durationMs !== null && html` <span class="quiet">in ${durationText(durationMs)}</span>`}`;
}

/** @param place null where the test has no history that could be shown */
function namedTest(
  { name, outcome, message }: StepReport['named'][number],
  place: ReportPlace | null,
): Html {
  const [first = ''] = message.split('\n');
  const code = html`<code>${name}</code>`;
  const to = place && testHistoryPath({ builder: place.builder, step: place.step.name, name });
  const words = outcome === 'unexpected-pass' ? 'passed unexpectedly' : first;
  return html`<li>${to === null ? code : html`<a href="${to}">${code}</a>`} ${words !== '' && html`<span class="quiet">${words}</span>`}</li>`;
}

function expectation({ test, issue, failed }: SeenExpectation): Html {
  return html`<p class="quiet">
    ${numberText(failed)} of <code>${test}</code> failed as expected: <a href="${issue}" rel="noreferrer">${issue}</a>
  </p>`;
}
