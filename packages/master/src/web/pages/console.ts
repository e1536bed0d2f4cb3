import type { ConsoleCell } from '@weir/model/layout';
import type { ApiBuildSummary, ApiBuilder, ApiChange } from '@weir/protocol';
import { consoleLimits, consolePath } from './console-ask.ts';
import type { ConsoleView } from './console-data.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { legend } from './legend.ts';
import { buildPath, builderPath, changePath } from './links.ts';
import { age, glyphOf, paintOf, wordOf } from './words.ts';

/** The console: what became of each change on each builder. Rows are changes, columns builders. */
export function consolePage(visit: Visit, view: ConsoleView): Html {
  const { builders, changes, isCut } = view;
  const isEmpty = builders.length === 0 || changes.length === 0;
  return html`<h1 class="hidden">Console</h1>
    ${controls(view)}
    ${
      isEmpty
        ? html`<p>Nothing to show here yet. <a href="/console">The first trunk</a></p>`
        : html`<div class="scroll grid-scroll" tabindex="0" role="region" aria-label="Console, scrolls">
            <table class="console" id="console" data-live>
              ${head(builders)}
              <tbody>
                ${changes.map((change, row) => changeRows(view, change, row, visit.now))}
              </tbody>
            </table>
          </div>`
    }
    ${isCut && html`<p class="quiet">There are more builders than fit: choose a project.</p>`}
    ${legend()}`;
}

function controls({ ask, trunks }: ConsoleView): Html {
  const toggles = [
    [{ merged: !ask.merged }, ask.merged ? 'Unmerge boxes' : 'Merge boxes'],
    [{ collapsed: !ask.collapsed }, ask.collapsed ? 'Show messages' : 'Hide messages'],
  ] as const;
  return html`<nav class="view" aria-label="View">
    ${trunks.map(
      (trunk) =>
        html`<a href="${consolePath({ ...ask, trunk, project: undefined })}" ${trunk === ask.trunk && html` aria-current="true"`}>${trunk}</a>`,
    )}
    ${ask.project !== undefined && html`<a href="${consolePath({ ...ask, project: undefined })}">All projects</a>`}
    ${toggles.map(([change, label]) => html`<a href="${consolePath({ ...ask, ...change })}">${label}</a>`)}
    <span
      >Changes:
      ${consoleLimits.map(
        (limit) =>
          html`<a href="${consolePath({ ...ask, limit })}" ${limit === ask.limit && html` aria-current="true"`}>${limit}</a> `,
      )}</span
    >
  </nav>`;
}

/** Groups of builders, then the builders with their last result. */
function head(builders: readonly ApiBuilder[]): Html {
  const groups = [...Map.groupBy(builders, ({ project }) => project)];
  return html`<thead>
    <tr>
      <th scope="col" rowspan="2" class="what">Change</th>
      ${groups.map(
        ([project, group]) =>
          html`<th scope="colgroup" colspan="${group.length}" class="group-name">
            ${
              project === null
                ? 'runtime'
                : html`<a href="${consolePath({ trunk: `${group[0]?.upstream}/${group[0]?.trunk}`, project })}">${project}</a>`
            }
          </th>`,
      )}
    </tr>
    <tr>
      ${groups.flatMap(([, group]) => group.map(columnHead))}
    </tr>
  </thead>`;
}

function columnHead({ name, platform, lastBuild }: ApiBuilder): Html {
  const paint = lastBuild === null ? 'none' : paintOf(lastBuild);
  const word = lastBuild === null ? 'never built' : wordOf(paintOf(lastBuild));
  return html`<th scope="col" class="platform">
    <a href="${builderPath(name)}" title="${name}: ${word}"
      ><span class="mini ${paint}" aria-hidden="true"
        >${lastBuild === null ? '·' : glyphOf(paintOf(lastBuild))}</span
      >
      ${platform}<span class="hidden">, last: ${word}</span></a
    >
  </th>`;
}

function changeRows(view: ConsoleView, change: ApiChange, row: number, now: number): Html {
  const { ask, builders, builds, cells } = view;
  const inRow = cells[row] ?? [];
  const fresh = ask.collapsed || ask.merged ? [] : newlyFailed(inRow, builds);
  return html`<tr>
      <th scope="row" class="what">${changeCell(change, ask.collapsed, now)}</th>
      ${inRow.map((cell, column) => boxCell(cell, builders[column], builds, ask.merged))}
    </tr>
    ${
      fresh.length > 0 &&
      html`<tr class="news">
        <td colspan="${builders.length + 1}">
          Newly failed:
          ${fresh.map(
            ({ id, builder, number, findings, text }) =>
              html`<a href="${buildPath(id)}">${builder} #${number}</a>
                <span class="quiet">${findings.join(', ')} ${text}</span> `,
          )}
        </td>
      </tr>`
    }`;
}

function changeCell(change: ApiChange, isShort: boolean, now: number): Html {
  const { id, branch, commit, author, subject, seenAt } = change;
  return html`<a href="${changePath(id)}" title="${subject}"><code>${commit.slice(0, 10)}</code></a>
    <span class="branch">${branch}</span> ${author.name}
    <span class="quiet">${age(seenAt, now)}</span> ${!isShort && html`<b class="subject">${subject}</b>`}`;
}

/** Failed where it had not failed before, at the change that heads its build's rows. */
function newlyFailed(
  cells: readonly (ConsoleCell | undefined)[],
  builds: ReadonlyMap<number, ApiBuildSummary>,
): ApiBuildSummary[] {
  return cells.flatMap((cell) => {
    const build = cell && cell.rows > 0 ? builds.get(cell.build ?? 0) : undefined;
    return build !== undefined && paintOf(build) === 'failure' ? [build] : [];
  });
}

function boxCell(
  cell: ConsoleCell | undefined,
  builder: ApiBuilder | undefined,
  builds: ReadonlyMap<number, ApiBuildSummary>,
  isMerged: boolean,
): Html | null {
  if (cell === undefined) return html`<td class="other"></td>`;
  const build = builds.get(cell.build ?? 0);
  if (build === undefined) {
    return html`<td><span class="tell none" title="not built yet">·</span></td>`;
  }
  if (isMerged && cell.rows === 0) return null;
  const paint = paintOf(build);
  const label = `${builder?.name ?? build.builder} build ${build.number}: ${wordOf(paint)}`;
  return html`<td ${isMerged && html` rowspan="${cell.rows}"`}>
    <a class="tell ${paint}" href="${buildPath(build.id)}" title="${label}" aria-label="${label}"
      >${glyphOf(paint)}</a
    >
  </td>`;
}
