import type { TestGroup, TestNews, TestedStepNews } from '@weir/model';
import { acceptTestsText, groupText } from '@weir/model';
import { numberText, totalsText } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, builderPath, testHistoryPath, testsPath } from './links.ts';

/** What the suites of a build that shows a breakage said. */
export function testNews(news: TestNews): Html {
  const { builder, build, steps } = news;
  if (steps.length === 0) return html``;
  const found = steps.flatMap(({ findings }) => findings);
  const wayOut = acceptTestsText(build, found);
  return html`<h2>Its tests</h2>
    <p><a href="${buildPath(build)}">Build ${build}</a> of <a href="${builderPath(builder)}">${builder}</a></p>
    ${steps.map((step) => stepNews(step, news))}
    ${wayOut !== null && html`<p>${wayOut}</p>`}`;
}

function stepNews(step: TestedStepNews, { builder, build }: TestNews): Html {
  const { isListed, index, totals, groups } = step;
  const all = testsPath(build, { step: index });
  return html`<p>
      ${step.step}: ${totalsText(totals)}
      ${isListed && html`<a href="${all}">all tests, and what changed</a>`}
    </p>
    ${groups.map((group) => groupNews(group, isListed ? { builder, step: step.step } : null))}`;
}

/** @param place null where its tests have no history that could be shown */
function groupNews(group: TestGroup, place: { builder: string; step: string } | null): Html {
  const more = group.count - group.tests.length;
  return html`<p>${groupText(group)}:</p>
    <ul class="test-list">
      ${group.tests.map(({ name, said }) => {
        const code = html`<code>${name}</code>`;
        const named =
          place === null
            ? code
            : html`<a href="${testHistoryPath({ ...place, name })}">${code}</a>`;
        return html`<li>${named} ${said !== '' && html`<span class="quiet">${said}</span>`}</li>`;
      })}
      ${more > 0 && html`<li class="quiet">and ${numberText(more)} more</li>`}
    </ul>`;
}
