import { reproduceNeeds } from '@weir/model';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** How to run a build again on one's own machine. */
export function howToReproduce(commands: readonly string[]): Html {
  return html`<p>${reproduceNeeds}</p>
    <pre class="command-text" tabindex="0" data-copy>${commands.map((command) => `${command}\n`)}</pre>`;
}
