import { series } from '@weir/model';
import type { Excerpt } from '@weir/model';
import type { ApiBreakage, ApiSuspect } from '@weir/protocol';
import { movedText, stateBadge, whoIsOnIt } from './breakages.ts';
import { changeLine } from './change.ts';
import type { Visit } from './frame.ts';
import { commandForm } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { breakagePath, buildPath, builderPath, logPath } from './links.ts';
import { howToReproduce } from './reproduce.ts';
import { age, countText, duration, shortCommit } from './words.ts';

export interface BreakageView {
  readonly breakage: ApiBreakage;
  /** What the failing step said last. */
  readonly failed: Excerpt | null;
  /** Commands that run its build again on one's own machine. */
  readonly reproduce: readonly string[];
}

export function breakagePage(visit: Visit, { breakage, failed, reproduce }: BreakageView): Html {
  const { title, trunks, suspects } = breakage;
  return html`<h1>${title}</h1>
    <div id="head" data-live>${head(breakage, visit.now)}</div>
    ${acknowledgement(visit, breakage)}
    <h2>Where it shows</h2>
    <div id="shows" data-live>${showTable(breakage, visit.now)}</div>
    ${failed !== null && failedLog(failed)}
    <h2>What may have caused it</h2>
    ${
      suspects.length === 0
        ? html`<p>
            Neither ${series(trunks)} nor the project changed between the last green build and the first red
            one. Look at the machine, at what the steps fetch, and at the clock.
          </p>`
        : suspects.map((suspect) => suspectList(suspect, visit.now))
    }
    ${reproduce.length > 0 && html`<h2>Reproduce it</h2>${howToReproduce(reproduce)}`}`;
}

function head(breakage: ApiBreakage, now: number): Html {
  const { id, openedAt, closedAt, builders, state } = breakage;
  return html`<p class="lead">
      ${stateBadge(breakage)} ${countText(builders.length, 'builder')}, ${movedText(breakage)}
    </p>
    <p>
      Opened ${age(openedAt, now)}${
        closedAt !== null &&
        html`, fixed ${age(closedAt, now)} after ${duration(openedAt, closedAt, now)}`
      }.
      ${state === 'open' && whoIsOnIt(breakage, now)}
      ${state === 'open' && html`<a href="/subscribe?scope=breakage/${id}">Tell me when it is fixed</a>`}
    </p>`;
}

function acknowledgement(visit: Visit, { id, state }: ApiBreakage): Html {
  if (visit.csrf === null || state !== 'open') return html``;
  const fields = html`<label
      ><span class="quiet">Who</span> <input name="by" required maxlength="100"
    /></label>
    <label
      ><span class="quiet">For hours</span>
      <input name="hours" type="number" min="1" max="720" value="24" required
    /></label>`;
  return html`<details class="commands">
    <summary>Somebody is on it</summary>
    ${commandForm(visit, { action: `${breakagePath(id)}/acknowledge`, label: 'Say so', fields })}
  </details>`;
}

function showTable({ shows }: ApiBreakage, now: number): Html {
  return html`<div class="scroll" tabindex="0">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">Builder</th>
          <th scope="col">Failing step</th>
          <th scope="col">Last green</th>
          <th scope="col">First red</th>
          <th scope="col">Confirmed by</th>
          <th scope="col">Fixed</th>
        </tr>
      </thead>
      <tbody>
        ${shows.map(
          (row) =>
            html`<tr>
              <td><a href="${builderPath(row.builder)}">${row.builder}</a></td>
              <td>${row.step ?? 'the build'} ${row.finding}</td>
              <td><a href="${buildPath(row.greenBuild)}">build ${row.greenBuild}</a></td>
              <td><a href="${buildPath(row.redBuild)}">build ${row.redBuild}</a></td>
              <td>
                <a href="${buildPath(row.confirmBuild)}">build ${row.confirmBuild}</a>
                ${age(row.openedAt, now)}
              </td>
              <td>
                ${
                  row.fixedBuild === null
                    ? row.closedAt === null
                      ? '–'
                      : 'builder gone'
                    : html`<a href="${buildPath(row.fixedBuild)}">build ${row.fixedBuild}</a>`
                }
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function suspectList({ branch, green, red, count, changes }: ApiSuspect, now: number): Html {
  const others = count - changes.length;
  return html`<h3>${branch}: ${countText(count, 'change')}</h3>
    <p class="quiet">after ${shortCommit(green)}, up to ${shortCommit(red)}</p>
    <ul class="list">
      ${changes.map((change) => html`<li>${changeLine(change, now)}</li>`)}
      ${others > 0 && html`<li class="quiet">and ${others} older</li>`}
    </ul>`;
}

function failedLog({ builder, step, log, lines }: Excerpt): Html {
  return html`<h2>What it said</h2>
    <p>
      <a href="${logPath(log)}">Log</a> of ${step} on <a href="${builderPath(builder)}">${builder}</a>
    </p>
    <pre class="log" tabindex="0">${lines.map((line) => `${line}\n`)}</pre>`;
}
