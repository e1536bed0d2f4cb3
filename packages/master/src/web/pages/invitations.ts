import type { ApiInvitation, ApiNewInvitation, Trust } from '@weir/protocol';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { workerPath } from './links.ts';
import { age } from './words.ts';

const trusts = [
  ['probation', 'probation: its reds count once it found what others found'],
  ['normal', 'normal: its reds count at once'],
  ['trusted', 'trusted'],
] as const;

/** The choice of trust in a form. */
export function trustChoice(chosen: Trust = 'probation'): Html {
  return html`<label
    ><span class="quiet">Trust</span>
    <select name="trust">
      ${trusts.map(([value, text]) => html`<option value="${value}" ${value === chosen ? html` selected` : ''}>${text}</option>`)}
    </select></label
  > `;
}

export function invitationsPage(visit: Visit, invitations: readonly ApiInvitation[]): Html {
  return html`<h1>Invitations</h1>
    <p>
      An invitation lets one worker in at once, without anybody comparing fingerprints. Its code is
      shown when it is made, and never again.
    </p>
    ${commandForm(visit, { action: '/invitations', label: 'Invite', fields: fields() })}
    <div id="invitations" data-live>${table(visit, invitations)}</div>`;
}

function fields(): Html {
  return html`<label
      ><span class="quiet">Worker</span> <input name="worker" maxlength="63" placeholder="any name"
    /></label>
    <label
      ><span class="quiet">Owner</span>
      <input name="owner" type="email" maxlength="200" placeholder="any owner"
    /></label>
    <label
      ><span class="quiet">Grant labels</span>
      <input name="labels" placeholder="gpu big-memory" size="20"
    /></label>
    ${trustChoice()}<label
      ><span class="quiet">Good for hours</span>
      <input name="hours" type="number" min="1" max="720" value="72"
    /></label> `;
}

function table(visit: Visit, invitations: readonly ApiInvitation[]): Html {
  if (invitations.length === 0) return html`<p class="quiet">None was made yet.</p>`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Invitations">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">For</th>
          <th scope="col">State</th>
          <th scope="col">Trust</th>
          <th scope="col">Made</th>
          <th scope="col">Why</th>
          <th scope="col"></th>
        </tr>
      </thead>
      <tbody>
        ${invitations.map((invitation) => row(visit, invitation))}
      </tbody>
    </table>
  </div>`;
}

function row(visit: Visit, invitation: ApiInvitation): Html {
  const { id, worker, owner, state, usedBy, trust, labels, at, by, reason } = invitation;
  return html`<tr>
    <td>${worker ?? 'any worker'}${owner !== null && ` of ${owner}`}</td>
    <td>
      ${state}${usedBy !== null && html` by <a href="${workerPath(usedBy)}">${usedBy}</a>`}
    </td>
    <td>${trust}${labels.length > 0 && ` · ${labels.join(' ')}`}</td>
    <td>${age(at, visit.now)} by ${by}</td>
    <td class="why">${reason}</td>
    <td>
      ${state === 'open' && commandForm(visit, { action: `/invitations/${id}/revoke`, label: 'Revoke', danger: true })}
    </td>
  </tr>`;
}

/** The only page that ever shows the code. */
export function invitedPage(
  { now }: Visit,
  { code, worker, owner, expiresAt }: ApiNewInvitation,
  origin: string,
): Html {
  const query = new URLSearchParams({ invite: code });
  if (worker !== null) query.set('name', worker);
  if (owner !== null) query.set('owner', owner);
  const hours = Math.round((expiresAt - now) / 3_600_000);
  return html`<h1>Invited</h1>
    <p>Send this address to whom you invite. It leads through the rest:</p>
    <pre class="log" id="invitation" tabindex="0" data-copy>
${origin}/register?${query.toString()}</pre>
    <p>
      It works once, within ${hours} hours, and is not shown again. Who has it needs no more than
      it: send it as you would send a password. The code alone is <code>${code}</code>.
    </p>
    <p><a href="/invitations">All invitations</a></p>`;
}
