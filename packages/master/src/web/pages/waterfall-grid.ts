import type { GridRow } from '@weir/model/layout';
import type { ApiBuilder, ApiChange, ApiStep } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { breakagePath, buildPath, builderPath, changePath } from './links.ts';
import type { GridBuildView, Waterfall } from './waterfall-data.ts';
import { age, badge, duration, eta, glyphOf, paintOf, verdictClass, wordOf } from './words.ts';

/** Time downward, newest first; a column per builder, and the changes beside them. */
export function waterfallGrid(waterfall: Waterfall, now: number): Html {
  const { ask, builders, rows } = waterfall;
  return html`<table class="grid ${ask.zoom}" id="grid" data-live>
    ${head(builders, now)}
    <tbody>
      ${rows.map((row, index) => gridRow(waterfall, row, index, now))}
    </tbody>
  </table>`;
}

function head(builders: readonly ApiBuilder[], now: number): Html {
  return html`<thead>
    <tr>
      <th scope="col" class="time">Time</th>
      <th scope="col" class="changes">Changes</th>
      ${builders.map((builder) => html`<th scope="col" class="column">${columnHead(builder, now)}</th>`)}
    </tr>
  </thead>`;
}

function columnHead(builder: ApiBuilder, now: number): Html {
  const { name, upstream, trunk, project, platform, paused, workersOnline, breakage } = builder;
  return html`<a class="column-name" href="${builderPath(name)}"
      ><b>${project ?? upstream}</b>
      <span class="quiet">${project === null ? trunk : `${upstream}/${trunk}`}</span>
      <span class="quiet">${platform}</span></a
    >
    ${verdictBadge(builder, now)}
    ${breakage !== null && html`<a class="broken" href="${breakagePath(breakage)}">breakage ${breakage}</a>`}
    <span class="activity">${activity(builder, now)}</span>
    ${workersOnline === 0 && html`<span class="offline">no worker online</span>`}
    ${paused !== null && html`<span class="paused">paused by ${paused.by}: ${paused.reason}</span>`}`;
}

/** The verdict with its age; nothing is green without a date. */
function verdictBadge({ verdict, verdictAt, stale, quiet }: ApiBuilder, now: number): Html {
  return html`<span class="verdict ${verdictClass(verdict)}"
    >${verdict}${verdictAt !== null && html` ${age(verdictAt, now)}`}${stale && ', stale'}${quiet && ', quiet'}</span
  >`;
}

function activity({ running, waiting, oldestWait, usualMs }: ApiBuilder, now: number): Html {
  const building = running.map(
    (build) =>
      html`<a href="${buildPath(build.id)}">▶ #${build.number}</a>
        ${duration(build.startedAt, null, now)}${usualMs !== null && html`, ${eta(build.startedAt + usualMs, now)}`} `,
  );
  const queue =
    waiting > 0 &&
    html`<span class="pending" title="${oldestWait?.detail ?? ''}"
      >${waiting} waiting${oldestWait !== null && html`: ${oldestWait.reason}`}</span
    >`;
  if (running.length === 0 && waiting === 0) return html`<span class="quiet">idle</span>`;
  return html`${building}${queue}`;
}

function gridRow(waterfall: Waterfall, row: GridRow, index: number, now: number): Html {
  const isNow = row.at === Infinity;
  const before = waterfall.rows[index - 1]?.at ?? Infinity;
  const time = isNow ? html`now` : clock(row.at, before);
  const changes = row.changes.flatMap((id) => {
    const change = waterfall.changes.get(id);
    return change === undefined ? [] : [changeBox(change)];
  });
  return html`<tr>
    ${time === null ? html`<td class="time"></td>` : html`<th scope="row" class="time">${time}</th>`}
    <td class="changes">${changes}</td>
    ${row.cells.map((cell) => {
      if (cell === undefined) return null;
      const view = cell.build === null ? undefined : waterfall.builds.get(cell.build);
      if (view === undefined) return html`<td class="gap" rowspan="${cell.rows}"></td>`;
      return html`<td class="cell ${paintOf(view.build)}" rowspan="${cell.rows}">
        ${buildCell(view, now)}
      </td>`;
    })}
  </tr> `;
}

/** The time by UTC where it differs from the row's above, else null; and the date where the day changes. */
function clock(at: number, newer: number): Html | null {
  const iso = new Date(at).toISOString();
  const [day = '', time = ''] = iso.slice(0, 19).split('T');
  const above = Number.isFinite(newer) ? new Date(newer).toISOString().slice(0, 19) : '';
  if (above === iso.slice(0, 19)) return null;
  return html`${!above.startsWith(day) && html`<span class="day">${day}</span> `}<time
      datetime="${iso}"
      title="${day} ${time} UTC"
      >${time}</time
    >`;
}

function changeBox({ id, branch, commit, author, subject, message }: ApiChange): Html {
  return html`<div class="change" id="change-${id}" title="${message.slice(0, 500)}">
    <span class="branch">${branch}</span> <code>${commit.slice(0, 10)}</code>
    <span class="author">${author.name}</span> <a class="subject" href="${changePath(id)}">${subject}</a>
  </div>`;
}

function buildCell({ build, steps }: GridBuildView, now: number): Html {
  const paint = paintOf(build);
  const { id, number, startedAt, detachedAt, finishedAt, worker, builder } = build;
  return html`<a
      class="build"
      id="build-${id}"
      href="${buildPath(id)}"
      aria-label="${builder} build ${number}: ${wordOf(paint)}"
    >
      <b>#${number}</b> ${badge(paint)}</a
    >
    <span class="took"
      >${duration(startedAt, finishedAt, now)} <span class="quiet"
        >on ${worker}${detachedAt !== null && html`, out of reach since ${age(detachedAt, now)}`}</span
      ></span
    >
    <ol class="steps">
      ${steps.filter((step) => step.state !== 'waiting').map(segment)}
    </ol>`;
}

function segment(step: ApiStep): Html {
  const paint = step.result ?? 'running';
  const { name, findings } = step;
  const text = `${name}: ${wordOf(paint)}${findings.length > 0 ? ` (${findings.join(', ')})` : ''}`;
  return html`<li class="step ${paint}" title="${text}">
    <span aria-hidden="true">${glyphOf(paint)}</span> ${name}<span class="hidden">
      ${wordOf(paint)}</span
    >
  </li>`;
}
