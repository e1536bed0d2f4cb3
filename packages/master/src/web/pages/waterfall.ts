import type { GridRow } from '@weir/model/layout';
import type { ApiBuilder, ApiChange, ApiStep } from '@weir/protocol';
import { filters } from './filters.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, builderPath, changePath } from './links.ts';
import { waterfallPath } from './waterfall-ask.ts';
import type { GridBuildView, Waterfall } from './waterfall-data.ts';
import { age, badge, duration, glyphOf, paintOf, wordOf } from './words.ts';

/** The waterfall: what is the matter now on top, then the grid with time downward, newest first. */
export function waterfallPage(visit: Visit, waterfall: Waterfall): Html {
  const { builders } = waterfall;
  if (builders.length === 0) {
    return html`<h1>Waterfall</h1>
      <p>No builder matches. <a href="/">Show all</a></p>
      ${filters(waterfall.ask)}${pager(waterfall)}`;
  }
  return html`<h1 class="hidden">Waterfall</h1>
    <section id="trees" class="trees" data-live aria-label="Tree status">
      ${trees(waterfall, visit.now)}
    </section>
    <section id="facts" class="facts" data-live aria-label="The farm now">${facts(visit)}</section>
    <section id="boxes" class="boxes" data-live aria-label="Builders at a glance">
      ${boxes(builders, visit.now)}
    </section>
    ${filters(waterfall.ask)}
    <section aria-label="Builds over time">
      <div class="scroll grid-scroll" tabindex="0" role="region" aria-label="Waterfall grid, scrolls">
        <table class="grid" id="grid" data-live>
          ${head(builders, visit.now)}
          <tbody>
            ${waterfall.rows.map((row, index) => gridRow(waterfall, row, index, visit.now))}
          </tbody>
        </table>
      </div>
      ${pager(waterfall)}
    </section>`;
}

function pager({ ask, older, isCut }: Waterfall): Html {
  return html`<nav class="pager" aria-label="Pages of the waterfall">
    ${ask.before !== undefined && html`<a href="${waterfallPath({ ...ask, before: undefined })}">Newest builds</a>`}
    ${older !== null && html`<a href="${waterfallPath({ ...ask, before: older })}" rel="next">Older builds</a>`}
    ${isCut && html`<span class="quiet">There are more builders than fit: choose a trunk above.</span>`}
  </nav>`;
}

function trees({ upstreams }: Waterfall, now: number): Html[] {
  return upstreams.flatMap(({ name, trunks }) =>
    trunks.map(
      ({ name: trunk, branch, status, because }) =>
        html`<p class="tree">
          <a href="${waterfallPath({ upstream: name, trunk })}"><b>${name}/${trunk}</b></a>
          <span class="status ${status}">${status}</span>
          ${because}${
            branch.state !== 'following' &&
            html` <span class="branch-state">branch ${branch.state}${branch.error && html`: ${branch.error}`}</span>`
          }
          ${branch.polledAt !== null && html`<span class="quiet">checked ${age(branch.polledAt, now)}</span>`}
        </p>`,
    ),
  );
}

function facts({ farm, now }: Visit): Html {
  const { workersOnline, workers, slotsBusy, slots, waiting, oldestWaitSince } = farm;
  return html`<ul class="counts">
    <li>
      <a href="/workers"><b>${workersOnline}</b> of ${workers} workers online</a>
    </li>
    <li><b>${slotsBusy}</b> of ${slots} slots busy</li>
    <li>
      <b>${waiting}</b>
      waiting${oldestWaitSince !== null && html`, the oldest since ${age(oldestWaitSince, now)}`}
    </li>
  </ul>`;
}

/** One box per builder, in groups by trunk. */
function boxes(builders: readonly ApiBuilder[], now: number): Html[] {
  const groups = Map.groupBy(builders, ({ upstream, trunk }) => `${upstream}/${trunk}`);
  return [...groups].map(
    ([trunk, group]) =>
      html`<div class="group">
        <h2>${trunk}</h2>
        <ul>
          ${group.map((builder) => box(builder, now))}
        </ul>
      </div>`,
  );
}

function box(builder: ApiBuilder, now: number): Html {
  const { name, lastBuild, running } = builder;
  const paint = lastBuild === null ? 'none' : paintOf(lastBuild);
  const word = lastBuild === null ? 'never built' : wordOf(paintOf(lastBuild));
  const text = `${name}: ${word}${running.length > 0 ? ', building now' : ''}`;
  const when = lastBuild?.finishedAt ?? null;
  return html`<li>
    <a
      class="box ${paint}${running.length > 0 && ' busy'}"
      href="${builderPath(name)}"
      title="${text}"
    >
      <span aria-hidden="true">${lastBuild === null ? '·' : glyphOf(paintOf(lastBuild))}</span>
      <span class="name"
        >${builder.project ?? 'runtime'} <span class="quiet">${builder.platform}</span></span
      >
      <span class="hidden">${word}</span
      >${when !== null && html` <span class="when">${age(when, now)}</span>`}</a
    >
  </li>`;
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
  const { name, upstream, trunk, project, platform, verdict, verdictAt, paused } = builder;
  return html`<a class="column-name" href="${builderPath(name)}"
      ><b>${project ?? upstream}</b>
      <span class="quiet">${project === null ? trunk : `${upstream}/${trunk}`}</span>
      <span class="quiet">${platform}</span></a
    >
    <span class="verdict v-${verdict.replace(' ', '-')}"
      >${verdict}${verdictAt !== null && html` ${age(verdictAt, now)}`}</span
    >
    <span class="activity">${activity(builder, now)}</span>
    ${paused !== null && html`<span class="paused">paused by ${paused.by}: ${paused.reason}</span>`}`;
}

function activity({ running, waiting, oldestWait }: ApiBuilder, now: number): Html {
  const building = running.map(
    (build) =>
      html`<a href="${buildPath(build.id)}">▶ #${build.number}</a>
        ${duration(build.startedAt, null, now)} `,
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
    <th scope="row" class="time">${time}</th>
    <td class="changes">${changes}</td>
    ${row.cells.map((cell) => {
      if (cell === undefined) return null;
      const view = cell.build === null ? undefined : waterfall.builds.get(cell.build);
      if (view === undefined) return html`<td class="gap" rowspan="${cell.rows}"></td>`;
      return html`<td class="cell ${view.paint}" rowspan="${cell.rows}">
        ${buildCell(view, now)}
      </td>`;
    })}
  </tr> `;
}

/** The time by UTC where it differs from the row's above, and the date where the day changes. */
function clock(at: number, newer: number): Html {
  const iso = new Date(at).toISOString();
  const [day = '', time = ''] = iso.slice(0, 19).split('T');
  const above = Number.isFinite(newer) ? new Date(newer).toISOString().slice(0, 19) : '';
  if (above === iso.slice(0, 19)) return html``;
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

function buildCell({ build, steps, paint }: GridBuildView, now: number): Html {
  const { id, number, startedAt, finishedAt, worker, builder } = build;
  return html`<a
      class="build"
      id="build-${id}"
      href="${buildPath(id)}"
      aria-label="${builder} build ${number}: ${wordOf(paint)}"
    >
      <b>#${number}</b> ${badge(paint)}</a
    >
    <span class="took"
      >${duration(startedAt, finishedAt, now)} <span class="quiet">on ${worker}</span></span
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
