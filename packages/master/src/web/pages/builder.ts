import { isTaken } from '@weir/model';
import { durationText } from '@weir/model/layout';
import type { ApiBuildSummary, ApiBuilder, ApiRequest } from '@weir/protocol';
import { findingList } from './findings.ts';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { breakagePath, buildPath, builderPath, requestPath, workerPath } from './links.ts';
import { matrixPath } from './matrix-ask.ts';
import { age, badge, countText, duration, paintOf, shortCommit, verdictClass } from './words.ts';

export interface BuilderView {
  readonly builder: ApiBuilder;
  readonly builds: readonly ApiBuildSummary[];
  readonly waiting: readonly ApiRequest[];
  /** Query of the page with older builds. */
  readonly older: string | null;
}

export function builderPage(visit: Visit, view: BuilderView): Html {
  const { builder, waiting } = view;
  const { now } = visit;
  const { name, kind, upstream, trunk, project, platform, tier, verdict, verdictAt } = builder;
  return html`<h1>${name}</h1>
    <div id="head" data-live>
      <p>
        <span class="verdict ${verdictClass(verdict)}"
          >${verdict}${verdictAt !== null && html` ${age(verdictAt, now)}`}</span
        >
        ${kind} builder ·
        <a href="/?upstream=${encodeURIComponent(upstream)}&amp;trunk=${encodeURIComponent(trunk)}"
          >${upstream}/${trunk}</a
        >${
          project !== null &&
          html` · <a href="/?project=${encodeURIComponent(project)}">${project}</a>
            (<a href="${matrixPath({ project })}">on all trunks</a>)`
        }
        · ${platform} · tier ${tier}
      </p>
      <p>${facts(builder, now)}</p>
      ${builder.paused !== null && html`<p class="warning">Paused by ${builder.paused.by} ${age(builder.paused.at, now)}: ${builder.paused.reason}</p>`}
    </div>
    ${commands(visit, builder)}
    <section id="queue" data-live aria-label="Waiting requests">
      ${waiting.length > 0 && queue(waiting, now)}
    </section>
    <h2>Builds</h2>
    <div id="builds" data-live>${takenNote(view.builds)}${buildTable(view.builds, now, { showBuilder: false })}</div>
    ${view.older !== null && html`<p><a href="${builderPath(name)}?${view.older}">Older builds</a></p>`}`;
}

/** How many of its builds came to no result, apart from the red ones. */
function takenNote(builds: readonly ApiBuildSummary[]): Html | null {
  const taken = builds.filter(({ result }) => result !== null && isTaken(result)).length;
  if (taken === 0) return null;
  return html`<p class="quiet">
    Infrastructure took ${taken} of ${countText(builds.length, 'build')} here: they count neither as
    red nor as green.
  </p>`;
}

/** What is the matter with it now, and what to expect of it. */
function facts(builder: ApiBuilder, now: number): Html[] {
  const { breakage, workersOnline, usualMs, nextScheduled } = builder;
  const texts = [
    breakage !== null && html`shows <a href="${breakagePath(breakage)}">breakage ${breakage}</a>`,
    workersOnline === 0
      ? html`<b>no worker that could build it is online</b>`
      : html`${countText(workersOnline, 'worker')} online could build it`,
    usualMs !== null && html`a green build takes about ${durationText(usualMs)}`,
    nextScheduled !== null &&
      html`next by the clock
        <time datetime="${new Date(nextScheduled).toISOString()}"
          >in ${durationText(Math.max(0, nextScheduled - now))}</time
        >`,
  ].filter((text) => text !== false);
  return texts.map((text, index) => html`${index > 0 && ' · '}${text}`);
}

function commands(visit: Visit, { name, paused }: ApiBuilder): Html {
  if (visit.csrf === null) return html``;
  const path = builderPath(name);
  const commit = html`<label
    ><span class="quiet">Trunk commit</span>
    <input name="upstream" pattern="[0-9a-f]{4,64}" placeholder="newest" size="12"
  /></label> `;
  return html`<details class="commands">
    <summary>Commands</summary>
    ${commandForm(visit, { action: `${path}/force`, label: 'Force a build', fields: commit })}
    ${commandForm(visit, paused === null ? { action: `${path}/pause`, label: 'Pause' } : { action: `${path}/resume`, label: 'Resume' })}
  </details>`;
}

function queue(waiting: readonly ApiRequest[], now: number): Html {
  return html`<h2>Waiting</h2>
    <ul class="list">
      ${waiting.map(
        ({ id, revisions, reasonText, createdAt, waits }) =>
          html`<li>
            <a href="${requestPath(id)}"><b>Request ${id}</b></a> ${shortCommit(revisions.upstream)}
            ${revisions.project !== null && html` with ${shortCommit(revisions.project)}`} since
            ${age(createdAt, now)}:
            ${waits !== null && html`<b>${waits.reason}</b> <span class="quiet">${waits.detail}</span>`}
            <span class="quiet">${reasonText}</span>
          </li>`,
      )}
    </ul>`;
}

interface Columns {
  readonly showBuilder?: boolean;
  readonly showWorker?: boolean;
}

/** Builds as a table, newest first, without a column that would say the same in each row. */
export function buildTable(builds: readonly ApiBuildSummary[], now: number, shown: Columns): Html {
  if (builds.length === 0) return html`<p class="quiet">None yet.</p>`;
  const { showBuilder = true, showWorker = true } = shown;
  return html`<div class="scroll">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">Build</th>
          ${showBuilder && html`<th scope="col">Builder</th>`}
          <th scope="col">Result</th>
          <th scope="col">Revisions</th>
          <th scope="col">When</th>
          <th scope="col">Took</th>
          ${showWorker && html`<th scope="col">Worker</th>`}
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${builds.map((build) => buildRow(build, now, shown))}
      </tbody>
    </table>
  </div>`;
}

function buildRow(
  build: ApiBuildSummary,
  now: number,
  { showBuilder = true, showWorker = true }: Columns,
): Html {
  const { id, number, builder, revisions, startedAt, finishedAt, worker, findings } = build;
  return html`<tr>
    <td><a href="${buildPath(id)}">#${number}</a></td>
    ${showBuilder && html`<td><a href="${builderPath(builder)}">${builder}</a></td>`}
    <td>${badge(paintOf(build))} ${findingList(findings)}</td>
    <td>
      ${shortCommit(revisions.upstream)}${revisions.project !== null && html` + ${shortCommit(revisions.project)}`}
    </td>
    <td>${age(finishedAt ?? startedAt, now)}</td>
    <td>${duration(startedAt, finishedAt, now)}</td>
    ${showWorker && html`<td><a href="${workerPath(worker)}">${worker}</a></td>`}
    <td class="why">${build.reason}: ${build.reasonText}</td>
  </tr>`;
}
