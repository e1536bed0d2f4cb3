import type { Farm, Scope } from '@weir/model';
import { scopeInWords, trunkName } from '@weir/model';
import type { Html } from './html.ts';
import { html } from './html.ts';

export interface SubscribeView {
  readonly farm: Farm;
  /** What the form begins with; also a worker or a breakage, which its list does not name. */
  readonly scope: Scope;
  /** Why the last try was refused. */
  readonly wrong: string | null;
  readonly address: string;
}

/** Who wants to be told of what. */
export function subscribePage({ farm, scope, wrong, address }: SubscribeView): Html {
  return html`<h1>Be told when something breaks</h1>
    <p>
      You get one mail when a breakage opens, with what broke, the changes that may have done it and
      the last lines of the failing step, and one when it is fixed. Nothing is sent before a second
      run agrees, and every mail has a link that ends it.
    </p>
    <form class="subscribe-form" method="post" action="/subscribe">
      <label
        >Your mail address
        <input type="email" name="address" value="${address}" required maxlength="254" autocomplete="email"
      /></label>
      <label
        >What you want to follow
        <select name="scope">
          ${choices(farm, scope)}
        </select></label
      >
      ${wrong !== null && html`<p class="warning" role="alert">${wrong}</p>`}
      <button type="submit">Send me the mail to confirm</button>
    </form>
    <p class="quiet">
      Without mail: <a href="/feed.atom">the Atom feed</a>, or
      <a href="/api/v1/breakages">the API</a>.
    </p>`;
}

function choices({ upstreams, projects }: Farm, chosen: Scope): Html[] {
  const trunks = [...upstreams.values()].flatMap(({ name, trunks: its }) =>
    [...its.keys()].map((trunk): Scope => `trunk/${trunkName(name, trunk)}`),
  );
  const groups: readonly (readonly [string, readonly Scope[]])[] = [
    ['Everything', ['farm']],
    ['A trunk: what its changes break', trunks],
    ['A project: all that breaks it', [...projects.keys()].map((name): Scope => `project/${name}`)],
  ];
  const isListed = groups.some(([, scopes]) => scopes.includes(chosen));
  const all = isListed ? groups : [['What you came from', [chosen]] as const, ...groups];
  return all
    .filter(([, scopes]) => scopes.length > 0)
    .map(
      ([label, scopes]) =>
        html`<optgroup label="${label}">
          ${scopes.map((scope) => html`<option value="${scope}" ${scope === chosen ? html` selected` : ''}>${scopeInWords(scope)}</option>`)}
        </optgroup>`,
    );
}

/** After the form was sent: the same whether or not the address follows it already. */
export function askedPage(): Html {
  return html`<h1>Look at your mail</h1>
    <p>
      If that address does not follow it yet, a mail with a link is on its way. Follow the link, and
      you will be told.
    </p>
    <p><a href="/subscribe">Follow something else</a></p>`;
}

/** What a link in a mail leads to. Programs that look at links before people do only see this form. */
export function leavePage(view: { title: string; scopes: readonly Scope[]; label: string }): Html {
  const { title, scopes, label } = view;
  return html`<h1>${title} ${scopes.map(scopeInWords).join(' and ')}?</h1>
    <form class="command" method="post">
      <button type="submit">${label}</button>
    </form>`;
}

export function leftPage(text: string): Html {
  return html`<h1>Done</h1>
    <p>${text}</p>
    <p><a href="/subscribe">What you can follow</a></p>`;
}
