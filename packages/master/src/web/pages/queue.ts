import { bytesText } from '@weir/model/layout';
import { countText } from '@weir/protocol';
import type { ApiFarm } from '@weir/protocol';
import type { IndexState } from '../../queue/index-state.ts';
import type { QueuedRequest, QueueView, WaitingPool } from '../read/queue.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { builderPath } from './links.ts';
import { age } from './words.ts';

/** What waits and for whom, whether its index in Redis says the same, and who works on it. */
export function queuePage({ now }: Visit, view: QueueView): Html {
  const { waiting, pools, index, first, members } = view;
  return html`<h1>Queue</h1>
    <div id="queue" data-live>
      <p>
        ${waiting === 0 ? 'Nothing waits.' : `${countText(waiting, 'request')} ${waiting === 1 ? 'waits' : 'wait'}.`}
        <span class="quiet">The store says so; what gives them out is an index of it.</span>
      </p>
      ${pools.length > 0 && poolTable(pools, now)}
      <h2>Index</h2>
      ${index === null ? html`<p>It is in the engine's memory: no Redis is known here.</p>` : indexState(index, waiting)}
      ${first.length > 0 && firstTable(first, now)}
      ${members.length > 0 && memberTable(members, now)}
    </div>`;
}

function poolTable(pools: readonly WaitingPool[], now: number): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="What waits, by pool">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">Pool: labels that a worker needs</th>
          <th scope="col">Requests</th>
          <th scope="col">Oldest</th>
          <th scope="col">Workers there</th>
        </tr>
      </thead>
      <tbody>
        ${pools.map(
          ({ labels, requests, since, workersOnline }) =>
            html`<tr>
              <td class="labels">${labels?.join(' ') ?? 'none: the farm file names these builders no more'}</td>
              <td>${requests}</td>
              <td>${age(since, now)}</td>
              <td>${workersOnline === 0 ? html`<span class="warning">none</span>` : workersOnline}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function indexState(index: IndexState, waiting: number): Html {
  const { place, away, version, memoryBytes, misgivings, count } = index;
  if (away !== null) {
    return html`<p class="warning" role="alert">
      Redis at <code>${place}</code> can't be asked: ${away}; engines go on from the store until it is
      back.
    </p>`;
  }
  return html`<p>
      Redis ${version} at <code>${place}</code> holds ${countText(count, 'request')}, and uses
      ${bytesText(memoryBytes)} of memory. <a href="/queue/board">Bull Board</a> shows it job by job.
      ${
        count !== waiting &&
        html`<span class="quiet"
          >That is not what waits: it is behind by a moment, or a sweep mends it within a
          minute.</span
        >`
      }
    </p>
    ${misgivings.map((text) => html`<p class="warning" role="alert">Redis: ${text}</p>`)}`;
}

function firstTable(first: readonly QueuedRequest[], now: number): Html {
  return html`<h2>The most urgent in Redis</h2>
  <div class="scroll" tabindex="0" role="group" aria-label="The most urgent in Redis">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">Request</th>
          <th scope="col">Builder</th>
          <th scope="col">Asked</th>
          <th scope="col">In the store</th>
        </tr>
      </thead>
      <tbody>
        ${first.map(
          ({ id, builder, state, createdAt }) =>
            html`<tr>
              <td><a href="/requests/${id}">${id}</a></td>
              <td><a href="${builderPath(builder)}">${builder}</a></td>
              <td>${age(createdAt, now)}</td>
              <td>${state}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** That a member is heard again is no event, so no age of it could be kept fresh while it lives. */
function memberTable(members: ApiFarm['members'], now: number): Html {
  return html`<h2>Engines and web servers</h2>
    <div class="scroll" tabindex="0" role="group" aria-label="Engines and web servers">
      <table class="builds">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Version</th>
            <th scope="col">Since</th>
            <th scope="col">Last heard</th>
          </tr>
        </thead>
        <tbody>
          ${members.map(
            ({ name, role, leads, version, since, heardAt, silent }) =>
              html`<tr>
                <td>${name}</td>
                <td>${leads ? `${role}, leads` : role}</td>
                <td>${version}</td>
                <td>${age(since, now)}</td>
                <td>${silent ? html`<span class="warning">${age(heardAt, now)}: silent</span>` : 'a moment ago'}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
