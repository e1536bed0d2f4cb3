import type { ApiBuildSummary, ApiWorker } from '@weir/protocol';
import { buildTable } from './builder.ts';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { trustChoice } from './invitations.ts';
import { workerPath } from './links.ts';
import { age } from './words.ts';
import { probationText, stateBadge, workerWarnings } from './worker-state.ts';

export interface WorkerView {
  readonly worker: ApiWorker;
  readonly builds: readonly ApiBuildSummary[];
  /** For its owner alone. */
  readonly controls: Html | null;
}

export function workerPage(visit: Visit, { worker, builds, controls }: WorkerView): Html {
  const { now } = visit;
  return html`<h1>${worker.name}</h1>
    <div id="head" data-live>
      <p class="lead">
        ${stateBadge(worker)}
        ${worker.slots > 0 && html`${worker.running.length} of ${worker.slots} slots busy`}
      </p>
      ${workerWarnings(visit, worker)}
      <dl class="facts-list">
        <div>
          <dt>Fingerprint</dt>
          <dd><code>${worker.fingerprint}</code></dd>
        </div>
        <div>
          <dt>Owner</dt>
          <dd>${worker.owner === '' ? '–' : worker.owner}</dd>
        </div>
        ${worker.state === 'accepted' && trust(worker, now)}
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
    ${controls} ${commands(visit, worker)}
    <h2>Builds</h2>
    <div id="builds" data-live>${buildTable(builds, now, { showWorker: false })}</div>`;
}

function trust(worker: ApiWorker, now: number): Html {
  return html`<div>
    <dt>Trust</dt>
    <dd>
      ${worker.trust}${worker.probation !== null && html`: ${probationText(worker, now)}`}
    </dd>
  </div>`;
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
    ${worker.quarantine !== null && commandForm(visit, { action: `${path}/release`, label: 'End its quarantine' })}
    ${worker.state === 'accepted' && commandForm(visit, worker.paused === null ? { action: `${path}/pause`, label: 'Pause' } : { action: `${path}/resume`, label: 'Resume' })}
    ${worker.state === 'accepted' && commandForm(visit, { action: `${path}/trust`, label: 'Trust it so', fields: trustChoice(worker.trust) })}
    ${worker.state === 'accepted' && commandForm(visit, { action: `${path}/revoke`, label: 'Revoke its key', danger: true })}
  </details>`;
}
