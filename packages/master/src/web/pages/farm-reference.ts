import { referenceSections, whenAbsent } from '../../farm/reference.ts';
import type { ReferenceSection } from '../../farm/reference.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** Every key of a farm file, made from the table by which the farm reads it. */
export function farmReferencePage(): Html {
  return html`<h1>What a farm file may say</h1>
    <p>
      What a farm builds, on what, and whom it tells stands in <a href="/farm-file">one YAML file</a>. This page is made from
      the table by which this farm reads it. With
      <code># yaml-language-server: $schema=/schema/farm.json</code> on top (with this farm's
      address before the path) an editor completes it:
      <a href="/schema/farm.json">the JSON Schema</a>.
    </p>
    <nav aria-label="Sections">
      <ul>
        ${referenceSections.map(({ heading }) => html`<li><a href="#${idOf(heading)}">${plain(heading)}</a></li>`)}
      </ul>
    </nav>
    ${referenceSections.map(sectionOf)}`;
}

function sectionOf({ heading, options }: ReferenceSection): Html {
  return html`<section>
    <h2 id="${idOf(heading)}">${plain(heading)}</h2>
    <dl class="options">
      ${Object.entries(options).map(
        ([key, option]) =>
          html`<dt><code>${key}</code></dt>
            <dd>
              ${withCode(option.about)}
              <span class="quiet">Value: ${option.type.expected}; ${withCode(whenAbsent(option))}.</span>
            </dd>`,
      )}
    </dl>
  </section>`;
}

/** Words between backquotes are code, as in the Markdown that is made of the same table. */
function withCode(text: string): Html[] {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function plain(heading: string): string {
  return heading.replaceAll('`', '');
}

function idOf(heading: string): string {
  return plain(heading)
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
