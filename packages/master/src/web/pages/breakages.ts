import { series } from '@weir/model';
import type { ApiBreakageSummary } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { breakagePath, builderPath } from './links.ts';
import { age, countText, duration } from './words.ts';

/** What is broken now, and what was. */
export function breakagesPage(
  { now }: Visit,
  open: readonly ApiBreakageSummary[],
  closed: { items: readonly ApiBreakageSummary[]; older: string | null },
): Html {
  return html`<h1>Breakages</h1>
    <p>
      A breakage is one thing that went wrong, on however many builders. It opens when a second run
      agrees that a builder which was green is red, and closes when it is green again.
    </p>
    <h2>Open</h2>
    <div id="open" data-live>
      ${
        open.length === 0
          ? html`<p class="calm">✓ Nothing is broken.</p>`
          : html`<ul class="breakages">
              ${open.map((breakage) => breakageItem(breakage, now))}
            </ul>`
      }
    </div>
    <h2>Closed</h2>
    <div id="closed" data-live>
      ${
        closed.items.length === 0
          ? html`<p class="quiet">None yet.</p>`
          : html`<ul class="breakages">
              ${closed.items.map((breakage) => breakageItem(breakage, now))}
            </ul>`
      }
      ${closed.older !== null && html`<p><a href="/breakages?${closed.older}">Older</a></p>`}
    </div>`;
}

/** One breakage in two lines: what, since when, on how many builders, and who is on it. */
export function breakageItem(breakage: ApiBreakageSummary, now: number): Html {
  const { id, title, trunks, state, openedAt, closedAt, builders } = breakage;
  const [only] = builders;
  const where =
    builders.length === 1 && only !== undefined
      ? html`<a href="${builderPath(only)}">${only}</a>`
      : html`${countText(builders.length, 'builder')} of ${series(trunks)}`;
  return html`<li class="breakage ${state}">
    <a class="title" href="${breakagePath(id)}">${title}</a> ${stateBadge(breakage)}
    <span class="about"
      >${where}, ${movedText(breakage)};
      ${
        closedAt === null
          ? html`since ${age(openedAt, now)}`
          : html`for ${duration(openedAt, closedAt, now)}, until ${age(closedAt, now)}`
      }.
      ${state === 'open' && whoIsOnIt(breakage, now)}</span
    >
  </li>`;
}

export function stateBadge({ state }: Pick<ApiBreakageSummary, 'state'>): Html {
  return state === 'open'
    ? html`<span class="badge failure"><span aria-hidden="true">✗</span> open</span>`
    : html`<span class="badge success"><span aria-hidden="true">✓</span> fixed</span>`;
}

/** What can be at fault, by what moved between green and red; it is no verdict on anyone. */
export function movedText({
  moved,
  trunk,
  project,
}: Pick<ApiBreakageSummary, 'moved' | 'trunk' | 'project'>): string {
  switch (moved) {
    case 'upstream':
      return `after changes in ${trunk}`;
    case 'project':
      return `after changes in ${project ?? 'the project'} itself`;
    case 'both':
      return `after changes in ${trunk} and in the project`;
    case 'neither':
      return 'with nothing changed: look at the machine';
  }
}

/** Nobody, once an acknowledgement has expired. */
export function whoIsOnIt({ acknowledged }: ApiBreakageSummary, now: number): Html {
  if (acknowledged === null || acknowledged.until <= now) {
    return html`<span class="nobody">Nobody is on it.</span>`;
  }
  return html`<span class="on-it"
    >${acknowledged.by} is on it: <q>${acknowledged.reason}</q></span
  >`;
}
