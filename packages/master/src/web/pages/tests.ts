import { slowerRule } from '@weir/model';
import { durationText } from '@weir/model/layout';
import { numberText, testChangeKinds, testOutcomes } from '@weir/protocol';
import type { ApiBuildSummary, ApiBuildTests, ApiTest } from '@weir/protocol';
import type { TestFilter, TestedStep } from '../read/tests.ts';
import { buildTabs } from './build-tabs.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, builderPath, testHistoryPath, testsPath } from './links.ts';
import { totalsInWords } from './step-report.ts';
import { changeWords, outcomeBadge, outcomeWords, triesText } from './test-words.ts';
import { countText } from './words.ts';

export interface TestsView {
  readonly build: ApiBuildSummary;
  /** All steps of the build that have a list of tests. */
  readonly steps: readonly TestedStep[];
  readonly step: TestedStep;
  readonly filter: TestFilter;
  /** Whether the list begins further down. */
  readonly isContinued: boolean;
  /** The first changes; null where something else is asked for. */
  readonly changed: ApiBuildTests | null;
  readonly page: ApiBuildTests;
}

/** The tests of one step of a build: what changed first, then all of them, or those asked for. */
export function testsPage(view: TestsView): Html {
  const { build, steps, step, changed, page } = view;
  return html`<h1><a href="${builderPath(build.builder)}">${build.builder}</a> #${build.number}: tests of ${step.name}</h1>
    ${buildTabs(build.id, 'Tests')}
    ${
      steps.length > 1 &&
      html`<p>
        Steps:
        ${steps.map(
          (each) =>
            html`<a href="${testsPath(build.id, { step: each.index })}" ${each === step && html` aria-current="true"`}>${each.name}</a> `,
        )}
      </p>`
    }
    <p>${totalsInWords(step.report)}</p>
    ${changed !== null && changes(view, changed)}
    <h2 id="tests">${changed === null ? 'Tests' : 'All tests'}</h2>
    ${filters(view)}
    ${page.items.length === 0 ? html`<p class="quiet">None.</p>` : testTable(view, page.items)}
    ${page.next !== null && html`<p><a href="${testsPath(build.id, { ...view.filter, cursor: page.next })}#tests">More</a></p>`}`;
}

function changes(
  { build, step }: TestsView,
  { base, changes: counts, items }: ApiBuildTests,
): Html {
  if (base === null) {
    return html`<p class="quiet">
      No green build before this one has a list of its tests: there is nothing to compare with.
    </p>`;
  }
  const kinds = testChangeKinds.filter((kind) => counts[kind] > 0);
  return html`<h2>Since <a href="${buildPath(base.id)}">#${base.number}</a>, the last green build</h2>
    ${kinds.length === 0 && html`<p class="calm">✓ Every test is there, and ended as it did.</p>`}
    ${kinds.map((kind) => {
      const shown = items.filter(({ change }) => change === kind);
      const rest = counts[kind] - shown.length;
      return html`<h3>${numberText(counts[kind])} ${changeWords[kind]}</h3>
        ${kind === 'slower' && html`<p class="quiet">${slowerWords}</p>`}
        ${testList(build, step, shown)}
        ${rest > 0 && html`<p><a href="${testsPath(build.id, { step: step.index, change: kind })}#tests">and ${numberText(rest)} more</a></p>`}`;
    })}`;
}

const slowerWords = `At least ${slowerRule.times} times as long, and ${durationText(slowerRule.byMs)} longer. Durations are kept to about a tenth.`;

function testList(build: ApiBuildSummary, step: TestedStep, tests: readonly ApiTest[]): Html {
  if (tests.length === 0) return html``;
  return html`<ul class="test-list">
    ${tests.map((test) => {
      const { message, attempts } = test;
      return html`<li>
        ${testLink(build, step, test)} <span class="quiet">${difference(test)}${attempts > 1 && ';'}${triesText(attempts)}</span>
        ${message !== '' && html`<p class="message">${message}</p>`}
      </li>`;
    })}
  </ul>`;
}

function testTable({ build, step, filter }: TestsView, tests: readonly ApiTest[]): Html {
  const hasChanges = filter.change !== undefined;
  return html`<div class="scroll">
    <table class="builds tests">
      <thead>
        <tr>
          <th scope="col">Test</th>
          <th scope="col">Outcome</th>
          <th scope="col">Took</th>
          ${hasChanges && html`<th scope="col">Change</th>`}
        </tr>
      </thead>
      <tbody>
        ${tests.map(
          (test) =>
            html`<tr>
              <td>
                ${testLink(build, step, test)}${test.message !== '' && html`<p class="message">${test.message}</p>`}
              </td>
              <td>${outcomeBadge(test.outcome)}${triesText(test.attempts)}</td>
              <td>${test.durationMs !== null && durationText(test.durationMs)}</td>
              ${hasChanges && html`<td>${test.change !== null && changeWords[test.change]}<br /><span class="quiet">${difference(test)}</span></td>`}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function testLink(build: ApiBuildSummary, step: TestedStep, { name }: ApiTest): Html {
  const to = testHistoryPath({ builder: build.builder, step: step.name, name });
  return html`<a class="test-name" href="${to}">${name}</a>`;
}

/** What it was before, where that is not all of what its change says. */
function difference({ change, outcome, durationMs, before }: ApiTest): string {
  if (change === 'new') return outcome === null ? '' : outcomeWords[outcome].word;
  if (change === 'slower') return `${took(before?.durationMs ?? null)}, then ${took(durationMs)}`;
  return before === null ? 'not there before' : `${outcomeWords[before.outcome].word} before`;
}

function took(ms: number | null): string {
  return ms === null ? 'unknown' : durationText(ms);
}

/** A form that makes the address: whatever it shows can be sent to others as a link. */
function filters({ build, step, filter, isContinued, page }: TestsView): Html {
  const { q, outcome, change } = filter;
  const isFiltered = [q, outcome, change].some((each) => each !== undefined);
  const isElsewhere = isFiltered || isContinued;
  return html`<form class="test-filters" method="get" action="${testsPath(build.id)}">
      <input type="hidden" name="step" value="${step.index}" />
      <label>Name <input type="search" name="q" maxlength="300" value="${q}" /></label>
      ${choice(
        'outcome',
        'Outcome',
        testOutcomes.map((value) => [value, outcomeWords[value].word]),
        outcome,
      )}
      ${choice(
        'change',
        'Change',
        [
          ['any', 'any change'],
          ...testChangeKinds.map((kind) => [kind, changeWords[kind]] as const),
        ],
        change,
      )}
      <button type="submit">Show</button>
      ${isElsewhere && html`<a href="${testsPath(build.id, { step: step.index })}">All of them, and what changed</a>`}
    </form>
    <p class="quiet">${countText(page.total, 'test')}${isFiltered && ' of this kind'}</p>`;
}

function choice(
  name: string,
  label: string,
  values: readonly (readonly [string, string])[],
  chosen: string | undefined,
): Html {
  return html`<label
    >${label}
    <select name="${name}">
      <option value="">any</option>
      ${values.map(([value, words]) => html`<option value="${value}" ${value === chosen && html` selected`}>${words}</option>`)}
    </select></label
  >`;
}
