import { buildersInWords, isEmptyPlan, planLines, sourceInWords } from '@weir/model';
import type { ApiFarmVersion, ApiVersionDifference, Plan, PlanSummary } from '@weir/protocol';
import { textDifference } from './difference.ts';
import type { Visit } from './frame.ts';
import { commandForm } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { versionPath } from './links.ts';
import { age, countText } from './words.ts';

export interface FarmVersionView {
  readonly version: ApiFarmVersion;
  /** Of the version in force. */
  readonly inForce: number;
  /** Null for a visitor. */
  readonly difference: ApiVersionDifference | null;
}

/** One version of the farm file, and what is between it and another one. */
export function farmVersionPage(visit: Visit, view: FarmVersionView): Html {
  const { version, inForce, difference } = view;
  return html`<h1>Version ${version.id} of the farm file</h1>
    <p>
      <a href="/farm-file">All versions</a>${!version.isInForce && html`; in force is <a href="${versionPath(inForce)}">version ${inForce}</a>`}
    </p>
    ${facts(version, visit.now)}
    ${!version.isInForce && rollBack(visit, view)}
    ${difference === null ? forVisitors(visit) : between(difference)}`;
}

function facts(version: ApiFarmVersion, now: number): Html {
  const { at, by, reason, source, summary, isInForce } = version;
  return html`<dl class="facts-list">
    ${isInForce && fact('State', html`<strong>in force</strong>`)}
    ${fact('Applied', html`${age(at, now)} by ${by}`)}
    ${fact('From', sourceInWords(version))}
    ${source.kind === 'repository' && fact('Branch', `${source.branch} of ${source.url}`)}
    ${reason !== null && fact('Why', reason)}
    ${fact('Builders', buildersInWords(version))}
    ${summary !== null && underWay(summary)}
  </dl>`;
}

/** What it did to what was waiting and running then. */
function underWay({ requests: { changed, cancelled }, running }: PlanSummary): Html {
  const waiting = [
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(changed > 0 ? [`${changed} built by what changed`] : []),
  ];
  return html`${waiting.length > 0 && fact('Requests', waiting.join(', '))}
  ${running > 0 && fact('Running', `${countText(running, 'build')} went on as begun`)}`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function rollBack(visit: Visit, { version, inForce, difference }: FarmVersionView): Html {
  const { id } = version;
  const fields = html`<input type="hidden" name="against" value="${inForce}" />`;
  const command = { action: `${versionPath(id)}/roll-back`, label: 'Roll back to it', fields };
  return html`${commandForm(visit, { ...command, danger: true })}
    ${difference !== null && difference.from !== inForce && html`<p><a href="${versionPath(id)}?from=${inForce}">What a roll-back would change</a></p>`}`;
}

function forVisitors({ here }: Visit): Html {
  return html`<p class="quiet">
    Its text holds people's addresses: <a href="/sign-in?to=${encodeURIComponent(here)}">sign in</a>
    to see what it changed.
  </p>`;
}

function between({ from, to, plan, because, text }: ApiVersionDifference): Html {
  return html`<h2>${from === 0 ? 'What it says' : `Compared with version ${from}`}</h2>
    <form class="command" method="get" action="${versionPath(to)}">
      <label
        ><span class="quiet">Compare with version</span>
        <input name="from" type="number" min="0" required value="${from}"
      /></label>
      <button type="submit">Compare</button>
    </form>
    ${plan === null ? html`<p class="warning">${because}</p>` : planList(plan)}
    ${text === null ? html`<p>The texts have too little in common to be compared.</p>` : text === '' ? html`<p>The texts are the same.</p>` : textDifference(text, 'Difference of the texts')}`;
}

function planList(plan: Plan): Html {
  if (isEmptyPlan(plan)) return html`<p>It means the same.</p>`;
  return html`<ul class="plan">
    ${planLines(plan).map(
      ({ sign, depth, text }) =>
        html`<li class="${depth === 0 ? '' : 'of-it'}">
          <code>${sign}</code> <span class="hidden">${wordOf(sign)}</span> ${text}
        </li>`,
    )}
  </ul>`;
}

const words: Readonly<Record<string, string>> = { '+': 'added:', '-': 'removed:', '~': 'changed:' };

function wordOf(sign: string): string {
  return words[sign] ?? '';
}
