import { quarantineRule } from '@weir/model';
import { clockSkewText } from '@weir/model/layout';
import { ownerSkewMs } from '@weir/protocol';
import type { ApiWorker } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { age, ahead, countText } from './words.ts';

type State =
  | ApiWorker['state']
  | 'left'
  | 'missing'
  | 'offline'
  | 'quarantined'
  | 'paused'
  | 'probation'
  | 'online';

/** One word for how a worker is: the first of these that holds. */
export function stateOf(worker: ApiWorker): State {
  if (worker.state !== 'accepted') return worker.state;
  if (worker.leftAt !== null) return 'left';
  if (worker.missingSince !== null) return 'missing';
  if (!worker.online) return 'offline';
  if (isQuarantined(worker)) return 'quarantined';
  if ([worker.paused, worker.ownerPaused, worker.resting].some((why) => why !== null)) {
    return 'paused';
  }
  return worker.trust === 'probation' ? 'probation' : 'online';
}

/** It takes no builds, for what infrastructure did to its last ones. */
export function isQuarantined({ quarantine }: ApiWorker): boolean {
  return quarantine !== null && quarantine.until !== null;
}

export function stateBadge(worker: ApiWorker): Html {
  const word = stateOf(worker);
  return html`<span class="badge w-${word}">${word}</span>`;
}

/** What happened once is shown for a day. */
const recentMs = 24 * 3_600_000;

function isRecent(at: number, now: number): boolean {
  return now - at < recentMs;
}

/** All that keeps a worker from taking builds, or that people should know of it. */
export function workerWarnings({ now }: Visit, worker: ApiWorker): Html[] {
  const { paused, ownerPaused, leftAt, missingSince, refused, duplicateAt } = worker;
  const skew = clockSkewText(worker.clockSkewMs, ownerSkewMs);
  const warnings = [
    leftAt !== null && html`Its owner took it away ${age(leftAt, now)}.`,
    missingSince !== null && html`Missing: noticed ${age(missingSince, now)}.`,
    quarantineText(worker, now),
    paused !== null && html`Paused by ${paused.by} ${age(paused.at, now)}: ${paused.reason}`,
    ownerPaused !== null &&
      html`Paused by its owner ${age(ownerPaused.at, now)}: ${ownerPaused.reason}`,
    worker.resting !== null && worker.online && html`Takes no builds just now: ${worker.resting}.`,
    refused !== null &&
      isRecent(refused.at, now) &&
      html`Its link was refused ${age(refused.at, now)}: ${refused.text}${worker.online && html` It is back since.`}`,
    worker.diskFull && html`Its disk is full: it takes no builds.`,
    skew !== null &&
      html`Its clock is ${skew} the farm's. Its builds are none the worse, as the farm goes by its own time; but on that machine certificates may not be trusted.`,
    duplicateAt !== null &&
      isRecent(duplicateAt, now) &&
      html`Another machine with this worker's key tried to connect ${age(duplicateAt, now)}, and was refused while this one answered. A copy of its data folder must join by a name of its own; a key that was stolen, revoke.`,
    worker.sandbox?.kind === 'none' && html`Runs without a sandbox, as its owner chose by name.`,
  ];
  return warnings.flatMap((text) =>
    text === false || text === null ? [] : [html`<div class="warning">${text}</div>`],
  );
}

/** Why a worker is quarantined, until when, and what ends that. */
export function quarantineText({ quarantine }: ApiWorker, now: number): Html | null {
  if (quarantine === null) return null;
  const { since, until, reason } = quarantine;
  const state =
    until === null
      ? html`It was quarantined ${age(since, now)}, and is tried again.`
      : html`Quarantined ${age(since, now)}: it takes builds again ${ahead(until, now)}.`;
  return html`${state} ${reason}
    <details>
      <summary>When that happens, and what ends it</summary>
      ${quarantineRule.map((sentence) => html`<p>${sentence}</p>`)}
    </details>`;
}

/** How far a worker on probation has come. */
export function probationText({ probation }: ApiWorker, now: number): Html | null {
  if (probation === null) return null;
  const { agreed, needed, disagreed, notBefore, isProbeable } = probation;
  const how = isProbeable
    ? 'it repeats builds whose answer is known'
    : 'no answer is known yet, so it takes any build';
  return html`${agreed} of ${countText(needed, 'build')} agree: ${how}${disagreed > 0 && html`; ${countText(disagreed, 'time')} it found what others did not`}${notBefore !== null && notBefore > now && html`; tried again ${ahead(notBefore, now)}`}`;
}
