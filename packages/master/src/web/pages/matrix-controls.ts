import type { MatrixSort } from '@weir/model/layout';
import { choice } from './filters.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { matrixPath } from './matrix-ask.ts';
import type { MatrixView } from './matrix-data.ts';

const fields = [
  ['upstream', 'Upstream'],
  ['trunk', 'Trunk'],
  ['platform', 'Platform'],
] as const;

const orders: readonly (readonly [MatrixSort, string])[] = [
  ['file', 'as in the farm file'],
  ['red', 'most red first'],
];

/** What the matrix shows, and in which order: each choice is an address that can be sent to others. */
export function matrixControls({ ask, choices }: MatrixView): Html {
  const isFiltered = [...fields.map(([name]) => name), 'project' as const].some(
    (name) => ask[name] !== undefined,
  );
  return html`<div class="view">
    <details class="filters" ${isFiltered && html` open`}>
      <summary>Filter</summary>
      <form method="get" action="/matrix">
        ${fields.map(([name, label]) => choice(name, label, choices[name], ask[name]))}
        <label>Project <input type="search" name="project" value="${ask.project}" size="14" placeholder="name or part" /></label>
        <label><input type="checkbox" name="red" value="1" ${ask.red && html` checked`} /> only what is red</label>
        ${ask.sort !== 'file' && html`<input type="hidden" name="sort" value="${ask.sort}" />`}
        <button type="submit">Show</button>
        ${isFiltered && html`<a href="${matrixPath({ red: ask.red, sort: ask.sort })}">Show all</a>`}
      </form>
    </details>
    <a href="${matrixPath({ ...ask, red: !ask.red, page: 1 })}"
      >${ask.red ? 'Also what is not red' : 'Only what is red'}</a
    >
    <span
      >Projects
      ${orders.map(
        ([sort, label]) =>
          html`<a href="${matrixPath({ ...ask, sort, page: 1 })}" ${sort === ask.sort && html` aria-current="true"`}>${label}</a> `,
      )}</span
    >
  </div>`;
}

export function matrixPager({ ask, chosen }: MatrixView): Html | null {
  const { page, pages, isCut } = chosen;
  if (pages === 1 && !isCut) return null;
  return html`<nav class="pager" aria-label="Pages of the matrix">
    ${page > 1 && html`<a href="${matrixPath({ ...ask, page: page - 1 })}" rel="prev">Projects before</a>`}
    ${pages > 1 && html`<span class="quiet">page ${page} of ${pages}</span>`}
    ${page < pages && html`<a href="${matrixPath({ ...ask, page: page + 1 })}" rel="next">More projects</a>`}
    ${isCut && html`<span class="quiet">There are more trunks than fit: choose an upstream.</span>`}
  </nav>`;
}
