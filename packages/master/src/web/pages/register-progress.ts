import type { ApiBuildSummary, ApiWorker } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, workerPath } from './links.ts';
import { age, badge, paintOf } from './words.ts';
import { probationText, quarantineText } from './worker-state.ts';

/** How far a worker has come, from its question to its first green build and the end of its probation; kept fresh by the script. */
export function registerProgress(
  name: string,
  worker: ApiWorker | undefined,
  builds: readonly ApiBuildSummary[],
  now: number,
): Html {
  const isAccepted = worker?.state === 'accepted';
  const green = builds.find(({ result }) => result === 'success' || result === 'warnings');
  const first = green ?? builds.at(-1);
  return html`<ol class="progress">
    ${item(worker !== undefined, html`asked`, asked(name, worker, now))}
    ${item(isAccepted, html`accepted`, accepted(worker))}
    ${item(isAccepted && worker.online, html`online`, online(worker, now))}
    ${item(green !== undefined, html`first build`, firstBuild(first, now))}
    ${item(isAccepted && worker.trust !== 'probation', html`proved`, proved(worker, now))}
  </ol>`;
}

function item(isDone: boolean, word: Html, text: Html): Html {
  return html`<li class="${isDone ? 'done' : 'open'}">
    <span aria-hidden="true">${isDone ? '✓' : '…'}</span> <b>${word}</b
    ><span class="hidden">${isDone ? ': done' : ': not yet'}</span> ${text}
  </li>`;
}

function asked(name: string, worker: ApiWorker | undefined, now: number): Html {
  if (worker === undefined) return html`No machine has asked under the name ${name} yet.`;
  return html`${age(worker.askedAt, now)}, with the fingerprint
    <code>${worker.fingerprint}</code>. It must be the one that your terminal shows.`;
}

function accepted(worker: ApiWorker | undefined): Html {
  switch (worker?.state) {
    case undefined:
      return html``;
    case 'pending':
      return html`It waits for an admin to compare the fingerprint and accept it.`;
    case 'accepted':
      return html`See <a href="${workerPath(worker.name)}">its page</a>.`;
    case 'rejected':
      return html`An admin turned it away.`;
    case 'revoked':
      return html`Its key was revoked.`;
  }
}

function online(worker: ApiWorker | undefined, now: number): Html {
  if (worker?.state !== 'accepted') return html``;
  if (worker.online) {
    const bare = worker.sandbox?.kind === 'none' && 'without a sandbox';
    return html`${bare} ${quarantineText(worker, now)}`;
  }
  return worker.heardAt === null ? html`` : html`Last heard of ${age(worker.heardAt, now)}.`;
}

function firstBuild(build: ApiBuildSummary | undefined, now: number): Html {
  if (build === undefined) return html``;
  return html`<a href="${buildPath(build.id)}">${build.builder} #${build.number}</a>
    ${badge(paintOf(build))} ${age(build.startedAt, now)}`;
}

function proved(worker: ApiWorker | undefined, now: number): Html {
  if (worker?.state !== 'accepted') return html``;
  const trial = probationText(worker, now);
  return trial === null ? html`Its builds count like any other's.` : html`On probation: ${trial}.`;
}
