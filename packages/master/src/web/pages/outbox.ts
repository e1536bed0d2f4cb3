import type { Letter, Scope } from '@weir/model';
import { letterText, scopeInWords } from '@weir/model';
import type { ApiDelivery, DeliveryState } from '@weir/protocol';
import { deliveryStates } from '@weir/protocol';
import type { Visit } from './frame.ts';
import { commandForm } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { letterView } from './letter.ts';
import { deliveryPath } from './links.ts';
import { age } from './words.ts';

export interface OutboxView {
  readonly deliveries: readonly ApiDelivery[];
  readonly state: DeliveryState | undefined;
  /** The query of the page after this one. */
  readonly older: string | null;
  /** No mail server is set: mails are files. */
  readonly isFiles: boolean;
  /** Why no heartbeat is given; null when it is, or nobody wants one. */
  readonly heartbeat: string | null;
}

const looks: Readonly<Record<DeliveryState, { glyph: string; paint: string }>> = {
  waiting: { glyph: '…', paint: 'running' },
  sent: { glyph: '✓', paint: 'success' },
  failed: { glyph: '✗', paint: 'failure' },
  dropped: { glyph: '⊘', paint: 'cancelled' },
};

/** What was told to whom, and how far it came. */
export function outboxPage(visit: Visit, view: OutboxView): Html {
  const { deliveries, state, older, isFiles, heartbeat } = view;
  return html`<h1>Outbox</h1>
    <p>
      Every notice on its way to somebody: tried until its receiver takes it, refuses it for good,
      or it was tried too often. <a href="/subscribe">Be told yourself</a>, or read the
      <a href="/feed.atom">feed</a>.
    </p>
    ${isFiles && html`<p>No mail server is set: mails are files in the folder <code>outbox</code> of the data folder, and pages here.</p>`}
    ${heartbeat !== null && html`<p class="warning">No heartbeat is given${visit.actor !== null && html`: ${heartbeat}`}.</p>`}
    ${visit.actor === null && html`<p class="quiet">Addresses and errors are hidden from who is not signed in.</p>`}
    <nav class="tabs" aria-label="States">
      ${tab('/outbox', 'all', state === undefined)}
      ${deliveryStates.map((each) => tab(`/outbox?state=${each}`, each, each === state))}
    </nav>
    <div id="deliveries" data-live>
      ${deliveries.length === 0 ? html`<p class="quiet">None.</p>` : deliveryTable(deliveries, visit.now)}
      ${older !== null && html`<p><a href="/outbox?${older}">Older</a></p>`}
    </div>`;
}

function tab(to: string, name: string, isHere: boolean): Html {
  return html`<a href="${to}" ${isHere ? html` aria-current="page"` : ''}>${name}</a>`;
}

function deliveryTable(deliveries: readonly ApiDelivery[], now: number): Html {
  return html`<div class="scroll" tabindex="0">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Notice</th>
          <th scope="col">To</th>
          <th scope="col">When</th>
          <th scope="col">Last error</th>
        </tr>
      </thead>
      <tbody>
        ${deliveries.map(
          (delivery) =>
            html`<tr>
              <td>${stateBadge(delivery)}</td>
              <td class="wide">
                <a href="${deliveryPath(delivery.id)}">${subjectOf(delivery)}</a>
              </td>
              <td>${delivery.address}</td>
              <td>${age(delivery.endedAt ?? delivery.createdAt, now)}</td>
              <td class="why">${errorOf(delivery)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** What it says in a line; a breakage's headline stays the same when it is fixed. */
function subjectOf({ kind, headline }: ApiDelivery): string {
  return kind === 'breakage-fixed' ? `Fixed: ${headline}` : headline;
}

function stateBadge({ state }: ApiDelivery): Html {
  const { glyph, paint } = looks[state];
  return html`<span class="badge ${paint}"><span aria-hidden="true">${glyph}</span> ${state}</span>`;
}

function errorOf({ state, error, tries }: ApiDelivery): string {
  if (error === null || state === 'sent') return '';
  return `${error} (${tries === 1 ? 'tried once' : `tried ${tries} times`})`;
}

export interface DeliveryPageView {
  readonly delivery: ApiDelivery;
  readonly letter: Letter;
  readonly scopes: readonly Scope[];
}

export function deliveryPage(visit: Visit, { delivery, letter, scopes }: DeliveryPageView): Html {
  const { now } = visit;
  const { id, address, channel, notBefore, createdAt, endedAt, tries, state } = delivery;
  const canRetry = state === 'failed' || (state === 'waiting' && tries > 0);
  return html`<h1>${subjectOf(delivery)}</h1>
    <div id="head" data-live>
      <p class="lead">
        ${stateBadge(delivery)} by ${channel} to ${address}, written ${age(createdAt, now)}${endedAt !== null && html`, ${state} ${age(endedAt, now)}`}
      </p>
      ${delivery.error !== null && html`<p class="warning">${errorOf(delivery) || delivery.error}</p>`}
      ${notBefore !== null && notBefore > now && html`<p>It is tried again ${age(notBefore, now)}.</p>`}
      ${scopes.length > 0 && html`<p class="quiet">For who follows ${scopes.map(scopeInWords).join(' or ')}.</p>`}
    </div>
    ${canRetry && commandForm(visit, { action: `${deliveryPath(id)}/retry`, label: 'Try again now' })}
    ${letterView(letter)}
    <details>
      <summary>As plain text</summary>
      <pre class="log" tabindex="0">${letterText(letter)}</pre>
    </details>`;
}
