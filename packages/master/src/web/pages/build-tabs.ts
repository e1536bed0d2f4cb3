import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, testsPath } from './links.ts';

/** From a build to its tests, and back. */
export function buildTabs(build: number, current: 'Build' | 'Tests'): Html {
  const tabs = [
    ['Build', buildPath(build)],
    ['Tests', testsPath(build)],
  ] as const;
  return html`<nav class="tabs" aria-label="This build">
    ${tabs.map(([name, to]) => html`<a href="${to}" ${name === current && html` aria-current="page"`}>${name}</a> `)}
  </nav>`;
}
