import type { MatrixHead } from '@weir/model/layout';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { matrixPath } from './matrix-ask.ts';
import { matrixCell } from './matrix-cell.ts';
import { matrixControls, matrixPager } from './matrix-controls.ts';
import type { MatrixView } from './matrix-data.ts';
import { waterfallPath } from './waterfall-ask.ts';
import { countText, verdictClass, verdictGlyph } from './words.ts';

/** The matrix: how each project does with each trunk. Rows are projects, columns trunks. */
export function matrixPage(visit: Visit, view: MatrixView): Html {
  const isEmpty = view.cells.length === 0;
  return html`<h1 class="hidden">Matrix</h1>
    ${matrixControls(view)}
    ${letters(view)}
    <div class="scroll grid-scroll" tabindex="0" role="region" aria-label="Matrix, scrolls">
      <table class="matrix" id="matrix" data-live>
        <caption>
          ${isEmpty ? nothing(view) : caption(view)}
        </caption>
        ${!isEmpty && head(view)} ${!isEmpty && body(view, visit.now)}
      </table>
    </div>
    ${matrixPager(view)} ${verdictLegend()}`;
}

function nothing({ ask }: MatrixView): Html {
  const all = html`<a href="/matrix">Show all</a>`;
  return ask.red ? html`✓ Nothing here is red. ${all}` : html`Nothing matches. ${all}`;
}

function caption({ ask, chosen }: MatrixView): Html {
  const { projects, columns, red } = chosen;
  const extent = `${countText(projects, 'project')} with ${countText(columns.length, 'trunk')}`;
  if (red === 0) return html`${extent}: nothing is red`;
  const count = `${countText(red, 'builder')} ${red === 1 ? 'is' : 'are'} red`;
  return html`${extent}:
  ${ask.red ? count : html`<a href="${matrixPath({ ...ask, red: true, page: 1 })}">${count}</a>`}`;
}

/** What the letters in the cells stand for. */
function letters({ letters: marks }: MatrixView): Html | null {
  if (marks.size === 0) return null;
  return html`<ul class="letters" aria-label="Platforms">
    ${[...marks].map(([platform, mark]) => html`<li><b aria-hidden="true">${mark}</b> ${platform}</li> `)}
  </ul>`;
}

function head({ ask, chosen }: MatrixView): Html {
  const upstreams = [...Map.groupBy(chosen.columns, ({ name }) => partsOf(name).upstream)];
  return html`<thead>
    <tr>
      <th scope="col" rowspan="2" class="what">Project</th>
      ${upstreams.map(
        ([upstream, columns]) =>
          html`<th scope="colgroup" colspan="${columns.length}" class="group-name">
            <a href="${matrixPath({ ...ask, upstream, trunk: undefined, page: 1 })}">${upstream}</a>
          </th>`,
      )}
    </tr>
    <tr>
      ${upstreams.flatMap(([, columns]) => columns.map(trunkHead))}
    </tr>
  </thead>`;
}

function trunkHead({ name, red }: MatrixHead): Html {
  return html`<th scope="col" class="trunk">
    <a href="${waterfallPath(partsOf(name))}" title="${name}">${partsOf(name).trunk}</a> ${redCount(red)}
  </th>`;
}

function redCount(red: number): Html | null {
  return red === 0 ? null : html`<span class="count">${red}<span class="hidden"> red</span></span>`;
}

function body({ chosen, cells, letters: marks }: MatrixView, now: number): Html {
  const [runtime, projects] = chosen.hasRuntime ? [cells.slice(0, 1), cells.slice(1)] : [[], cells];
  const columns = (row: MatrixView['cells'][number]): Html[] =>
    row.map((cell) => matrixCell(cell, marks, now));
  return html`${runtime.map(
    (row) =>
      html`<tbody class="runtime">
          <tr>
            <th scope="row" class="what">the runtime itself</th>
            ${columns(row)}
          </tr>
        </tbody>`,
  )}
    <tbody>
      ${projects.map(
        (row, index) =>
          html`<tr>
            ${projectHead(chosen.rows[index])}${columns(row)}
          </tr> `,
      )}
    </tbody>`;
}

function projectHead(project: MatrixHead | undefined): Html {
  const { name = '', red = 0 } = project ?? {};
  return html`<th scope="row" class="what">
    <a href="${waterfallPath({ project: name })}">${name}</a> ${redCount(red)}
  </th>`;
}

function partsOf(column: string): { upstream: string; trunk: string } {
  const [upstream = '', trunk = ''] = column.split('/');
  return { upstream, trunk };
}

const meanings = [
  ['green', 'its last build passed'],
  ['red', 'was green, and its last build failed'],
  ['never green', 'none of its builds has passed yet'],
  ['unknown', 'no build has said anything yet'],
] as const;

/** What shapes and colours mean. */
function verdictLegend(): Html {
  return html`<ul class="legend" aria-label="Legend">
    ${meanings.map(
      ([verdict, meaning]) =>
        html`<li>
          <span class="chip small ${verdictClass(verdict)}" aria-hidden="true">${verdictGlyph(verdict)}</span>
          ${verdict}: <span class="quiet">${meaning}</span>
        </li>`,
    )}
    <li>
      <span class="chip small v-green stale" aria-hidden="true">✓ …</span>
      <span class="quiet">may be old news: stale (hatched), quiet, offline, paused</span>
    </li>
    <li>
      <span class="chip small v-green busy" aria-hidden="true">✓</span>
      <span class="quiet">builds now</span>
    </li>
  </ul>`;
}
