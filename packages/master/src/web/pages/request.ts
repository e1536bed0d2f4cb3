import { isTaken } from '@weir/model';
import type { ApiBuildSummary, ApiRequest } from '@weir/protocol';
import { buildTable } from './builder.ts';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { builderPath, requestPath } from './links.ts';
import { takenList } from './taken.ts';
import { age, badge, countText, shortCommit } from './words.ts';

export interface RequestView {
  readonly request: ApiRequest;
  readonly builds: readonly ApiBuildSummary[];
  /** How often it may be tried. */
  readonly maxAttempts: number;
}

/** A request: what is to be built and why, what it waits for, and the builds that tried. */
export function requestPage(visit: Visit, { request, builds, maxAttempts }: RequestView): Html {
  const { id, builder, reason, reasonText, requestedBy, revisions, createdAt, state } = request;
  return html`<h1>Request ${id} of <a href="${builderPath(builder)}">${builder}</a></h1>
    <div id="head" data-live>
      <p class="lead">${stateLine(request)}</p>
      <p>Why: ${reason} <span class="quiet">${reasonText}, asked by ${requestedBy} ${age(createdAt, visit.now)}</span></p>
      <p>
        Revisions: ${shortCommit(revisions.upstream)}${
          revisions.project !== null && html` with ${shortCommit(revisions.project)}`
        }
      </p>
      ${takenList(takenSentence(request, maxAttempts), request.taken)}
    </div>
    ${state === 'waiting' && commandForm(visit, { action: `${requestPath(id)}/cancel`, label: 'Cancel', danger: true })}
    <h2>Builds</h2>
    <div id="builds" data-live>${buildTable(builds, visit.now, { showBuilder: false })}</div>`;
}

function takenSentence({ attempts, state, result }: ApiRequest, maxAttempts: number): string {
  const isGivenUp = state === 'done' && result !== null && isTaken(result);
  const tries = `Infrastructure took ${attempts} of at most ${countText(maxAttempts, 'try', 'tries')}`;
  return isGivenUp ? `${tries}: it is given up.` : `${tries}.`;
}

function stateLine({ state, result, finding, waits, supersededBy }: ApiRequest): Html {
  if (waits !== null) {
    return html`waits: <b>${waits.reason}</b> <span class="quiet">${waits.detail}</span>`;
  }
  if (supersededBy !== null) {
    return html`superseded by <a href="${requestPath(supersededBy)}">request ${supersededBy}</a>`;
  }
  return html`${result === null ? state : badge(result)} ${finding}`;
}
