import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';

const failures: Readonly<Record<string, string>> = {
  'wrong-token': 'That is not the admin token.',
  'too-many-failures': 'Too many wrong tokens came from your address: wait a minute.',
};

export function signInPage(
  { actor }: Visit,
  { to, failed }: { to: string; failed: string | undefined },
): Html {
  if (actor !== null) {
    return html`<h1>Sign in</h1>
      <p>You are signed in as ${actor}.</p>`;
  }
  return html`<h1>Sign in</h1>
    ${failed !== undefined && html`<p class="warning" role="alert">${failures[failed] ?? 'That did not work.'}</p>`}
    <form class="command" method="post" action="/sign-in">
      <input type="hidden" name="to" value="${to}" />
      <label
        >Admin token
        <input type="password" name="token" required autocomplete="current-password" size="40"
      /></label>
      <button type="submit">Sign in</button>
    </form>
    <p class="quiet">
      The master printed it when it first started;
      <code>weir master --reset-admin-token</code> makes a new one.
    </p>`;
}
