import type { ApiWorker } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { workerPath } from './links.ts';
import { age, ahead } from './words.ts';
import { stateBadge } from './worker-state.ts';

export function workersPage(visit: Visit, workers: readonly ApiWorker[]): Html {
  const pending = workers.filter(({ state }) => state === 'pending');
  const others = workers.filter(({ state }) => state !== 'pending');
  const isEmpty = workers.length === 0;
  return html`<h1>Workers</h1>
    <p>
      Volunteers' machines (once called buildslaves).
      <a class="button" href="/register">Lend a machine</a>
      ${visit.csrf !== null && html`<a href="/invitations">Invitations</a> <a href="/queue">Queue</a>`}
    </p>
    <div id="workers" data-live>
      ${pending.length > 0 && pendingQueue(pending, visit.now)}
      ${isEmpty && html`<p class="quiet">No worker has asked to join yet.</p>`}
      ${pending.length > 0 && others.length > 0 && html`<h2>All others</h2>`}
      ${others.length > 0 && workerTable(others, visit.now)}
    </div>`;
}

/** Who waits to be accepted: whoever accepts compares the fingerprint with what its owner sees. */
function pendingQueue(workers: readonly ApiWorker[], now: number): Html {
  return html`<h2>Waiting to be accepted</h2>
    <div class="scroll" tabindex="0" role="group" aria-label="Waiting to be accepted">
      <table class="builds">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Asked</th>
            <th scope="col">Owner</th>
            <th scope="col">Fingerprint</th>
          </tr>
        </thead>
        <tbody>
          ${workers.map(
            ({ name, askedAt, owner, fingerprint }) =>
              html`<tr>
                <td><a href="${workerPath(name)}">${name}</a></td>
                <td>${age(askedAt, now)}</td>
                <td>${owner === '' ? '–' : owner}</td>
                <td><code>${fingerprint}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function workerTable(workers: readonly ApiWorker[], now: number): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Workers">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">Worker</th>
          <th scope="col">State</th>
          <th scope="col">Slots</th>
          <th scope="col">Sandbox</th>
          <th scope="col">Labels</th>
          <th scope="col">Last heard</th>
        </tr>
      </thead>
      <tbody>
        ${workers.map((worker) => row(worker, now))}
      </tbody>
    </table>
  </div>`;
}

function row(worker: ApiWorker, now: number): Html {
  const { name, running, slots, sandbox, labels, grantedLabels, heardAt, askedAt } = worker;
  return html`<tr>
    <td><a href="${workerPath(name)}">${name}</a></td>
    <td>
      ${stateBadge(worker)}${quarantineEnd(worker, now)}
    </td>
    <td>${running.length} of ${slots} busy</td>
    <td>${sandbox?.kind ?? '–'}</td>
    <td class="labels">${[...labels, ...grantedLabels].join(' ')}</td>
    <td>${heardAt === null ? html`asked ${age(askedAt, now)}` : age(heardAt, now)}</td>
  </tr>`;
}

function quarantineEnd({ quarantine }: ApiWorker, now: number): Html | null {
  if (quarantine === null || quarantine.until === null) return null;
  return html` <span class="quiet">takes builds again ${ahead(quarantine.until, now)}</span>`;
}
