import type { ApiWorker } from '@weir/protocol';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { workerPath } from './links.ts';

/** Where the link of a worker's owner leads: it takes a press of a button, so that no preview spends it. */
export function ownerLinkPage(worker: string, code: string): Html {
  return html`<h1>${worker}</h1>
    <p>Go on as the owner of this worker? The link works once.</p>
    <form class="command" method="post" action="${workerPath(worker)}/owner">
      <input type="hidden" name="code" value="${code}" />
      <button type="submit">Go on as its owner</button>
    </form>`;
}

/** What the owner may do. `csrf` is of the owner's session. */
export function ownerControls(visit: Visit, worker: ApiWorker, csrf: string): Html {
  const owner = { ...visit, csrf };
  const path = `${workerPath(worker.name)}/owner`;
  const slots = html`<label
    ><span class="quiet">Builds at once</span>
    <input name="slots" type="number" min="1" max="256" value="${Math.max(1, worker.slots)}" required
  /></label> `;
  return html`<section class="commands" aria-label="Your machine">
    <h2>Your machine</h2>
    <p>You came by the link of its owner. What you say here, the machine keeps.</p>
    ${worker.ownerPaused === null ? commandForm(owner, { action: `${path}/pause`, label: 'Pause' }) : commandForm(owner, { action: `${path}/resume`, label: 'Take builds again' })}
    ${worker.online ? commandForm(owner, { action: `${path}/slots`, label: 'Set', fields: slots }) : html`<p class="quiet">It is offline: slots can be set on the machine alone.</p>`}
    ${worker.leftAt === null && commandForm(owner, { action: `${path}/leave`, label: 'Finish what runs, and leave', danger: true })}
    <form method="post" action="${path}/sign-out">
      <input type="hidden" name="csrf" value="${csrf}" />
      <button type="submit">Sign out as its owner</button>
    </form>
  </section>`;
}
