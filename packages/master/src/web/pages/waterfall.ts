import { breakageItem } from './breakages.ts';
import { builderBoxes } from './builder-boxes.ts';
import { filters } from './filters.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { legend } from './legend.ts';
import { waterfallPath } from './waterfall-ask.ts';
import type { Waterfall } from './waterfall-data.ts';
import { waterfallGrid } from './waterfall-grid.ts';
import { age, countText } from './words.ts';

/** The waterfall: what is the matter now on top, then the grid with time downward, newest first. */
export function waterfallPage(visit: Visit, waterfall: Waterfall): Html {
  const { ask, builders } = waterfall;
  if (builders.length === 0) {
    return html`<h1>Waterfall</h1>
      <p>No builder matches. <a href="/">Show all</a></p>
      ${filters(waterfall)}${pager(waterfall)}`;
  }
  return html`<h1 class="hidden">Waterfall</h1>
    ${introduction(visit)}
    <section id="trees" class="trees" data-live aria-label="Tree status">
      ${trees(waterfall, visit.now)}
    </section>
    <section id="broken" data-live aria-label="Open breakages">${broken(waterfall, visit.now)}</section>
    <section id="facts" class="facts" data-live aria-label="The farm now">${facts(visit)}</section>
    <section id="boxes" class="boxes" data-live aria-label="Builders at a glance">
      ${builderBoxes(builders, ask.group, visit.now)}
    </section>
    ${filters(waterfall)}
    <section aria-label="Builds over time">
      <div class="scroll grid-scroll" tabindex="0" role="region" aria-label="Waterfall grid, scrolls">
        ${waterfallGrid(waterfall, visit.now)}
      </div>
      ${legend()} ${pager(waterfall)}
    </section>`;
}

/** What the farm file says of the farm. */
function introduction({ farm }: Visit): Html | null {
  const text = farm.introduction;
  if (text === null) return null;
  return html`<details class="introduction" open>
    <summary>About this farm</summary>
    <div id="introduction" data-live>
      ${text.split(/\n\s*\n/).map((paragraph) => html`<p>${paragraph.trim()}</p>`)}
    </div>
  </details>`;
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

/** What is wrong now, newest first: the first thing that a visitor asks. */
function broken({ breakages }: Waterfall, now: number): Html | null {
  const { items, more } = breakages;
  if (items.length === 0) return null;
  return html`<ul class="breakages">
      ${items.map((breakage) => breakageItem(breakage, now))}
    </ul>
    ${more && html`<p><a href="/breakages">All open breakages</a></p>`}`;
}

function facts({ farm, now }: Visit): Html {
  const { workersOnline, workers, slotsBusy, slots, waiting, oldestWaitSince } = farm;
  const away = farm.buildsRunning - slotsBusy;
  return html`<ul class="counts">
    <li>
      <a href="/workers"><b>${workersOnline}</b> of ${workers} workers online</a>
    </li>
    <li><b>${slotsBusy}</b> of ${slots} slots busy${away > 0 && html`, ${countText(away, 'build')} out of reach`}</li>
    <li>
      <b>${waiting}</b>
      waiting${oldestWaitSince !== null && html`, the oldest since ${age(oldestWaitSince, now)}`}
    </li>
  </ul>`;
}
