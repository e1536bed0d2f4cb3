import type { ApiBuildSummary, ApiWorker } from '@weir/protocol';
import { buildTable } from './builder.ts';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { trustChoice } from './invitations.ts';
import { workerPath } from './links.ts';
import { age } from './words.ts';

export function workersPage(visit: Visit, workers: readonly ApiWorker[]): Html {
  const pending = workers.filter(({ state }) => state === 'pending');
  const others = workers.filter(({ state }) => state !== 'pending');
  return html`<h1>Workers</h1>
    <p>
      Volunteers' machines (once called buildslaves). <a class="button" href="/register">Lend a machine</a>
      ${visit.csrf !== null && html`<a href="/invitations">Invitations</a>`}
    </p>
    <div id="workers" data-live>
      ${
        pending.length > 0 &&
        html`<h2>Waiting to be accepted</h2>
          ${workerTable(pending, visit.now)}`
      }
      ${others.length === 0 && pending.length === 0 ? html`<p class="quiet">No worker has asked to join yet.</p>` : workerTable(others, visit.now)}
    </div>`;
}

function workerTable(workers: readonly ApiWorker[], now: number): Html {
  return html`<div class="scroll">
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
        ${workers.map(
          (worker) =>
            html`<tr>
              <td><a href="${workerPath(worker.name)}">${worker.name}</a></td>
              <td>${stateBadge(worker)}</td>
              <td>${worker.running.length} of ${worker.slots} busy</td>
              <td>${worker.sandbox?.kind ?? '–'}</td>
              <td class="labels">${[...worker.labels, ...worker.grantedLabels].join(' ')}</td>
              <td>
                ${worker.heardAt === null ? html`asked ${age(worker.askedAt, now)}` : age(worker.heardAt, now)}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function stateBadge(worker: ApiWorker): Html {
  const word = stateOf(worker);
  return html`<span class="badge w-${word}">${word}</span>`;
}

function stateOf({ state, online, paused }: ApiWorker): string {
  if (state !== 'accepted') return state;
  if (!online) return 'offline';
  return paused === null ? 'online' : 'paused';
}

export function workerPage(
  visit: Visit,
  worker: ApiWorker,
  builds: readonly ApiBuildSummary[],
): Html {
  const { now } = visit;
  return html`<h1>${worker.name}</h1>
    <div id="head" data-live>
      <p class="lead">
        ${stateBadge(worker)} ${worker.running.length} of ${worker.slots} slots busy
      </p>
      ${worker.paused !== null && html`<p class="warning">Paused by ${worker.paused.by} ${age(worker.paused.at, now)}: ${worker.paused.reason}</p>`}
      ${worker.diskFull && html`<p class="warning">Its disk is full: it takes no builds.</p>`}
      ${worker.duplicateAt !== null && html`<p class="warning">Another machine with this worker's key tried to connect ${age(worker.duplicateAt, now)}.</p>`}
      ${worker.sandbox?.kind === 'none' && html`<p class="warning">Runs without a sandbox, as its owner chose by name.</p>`}
      <dl class="facts-list">
        <div>
          <dt>Fingerprint</dt>
          <dd><code>${worker.fingerprint}</code></dd>
        </div>
        <div>
          <dt>Owner</dt>
          <dd>${worker.owner === '' ? '–' : worker.owner}</dd>
        </div>
        <div>
          <dt>Trust</dt>
          <dd>${worker.trust}</dd>
        </div>
        <div>
          <dt>Labels</dt>
          <dd>
            ${worker.labels.join(' ')}${worker.grantedLabels.length > 0 && html` · granted: ${worker.grantedLabels.join(' ')}`}
          </dd>
        </div>
        <div>
          <dt>Sandbox</dt>
          <dd>
            ${worker.sandbox === null ? '–' : html`${worker.sandbox.kind}: ${worker.sandbox.limits.join('; ')}`}
          </dd>
        </div>
        <div>
          <dt>Agent</dt>
          <dd>${worker.agent}</dd>
        </div>
        <div>
          <dt>Last heard</dt>
          <dd>${worker.heardAt === null ? 'never' : age(worker.heardAt, now)}</dd>
        </div>
        ${Object.entries(worker.facts).map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
    </div>
    ${commands(visit, worker)}
    <h2>Builds</h2>
    <div id="builds" data-live>${buildTable(builds, now, { showWorker: false })}</div>`;
}

function commands(visit: Visit, worker: ApiWorker): Html {
  if (visit.csrf === null) return html``;
  const path = workerPath(worker.name);
  const accept = html`<input type="hidden" name="fingerprint" value="${worker.fingerprint}" />
    <p>Compare with what the owner sees: <code>${worker.fingerprint}</code></p>
    <label
      ><span class="quiet">Grant labels</span>
      <input name="labels" placeholder="gpu big-memory" size="20"
    /></label>
    ${trustChoice()}`;
  return html`<details class="commands" ${worker.state === 'pending' ? html` open` : ''}>
    <summary>Commands</summary>
    ${worker.state === 'pending' && commandForm(visit, { action: `${path}/accept`, label: 'Accept', fields: accept })}
    ${worker.state === 'pending' && commandForm(visit, { action: `${path}/reject`, label: 'Reject', danger: true })}
    ${worker.state === 'accepted' && commandForm(visit, worker.paused === null ? { action: `${path}/pause`, label: 'Pause' } : { action: `${path}/resume`, label: 'Resume' })}
    ${worker.state === 'accepted' && commandForm(visit, { action: `${path}/revoke`, label: 'Revoke its key', danger: true })}
  </details>`;
}
