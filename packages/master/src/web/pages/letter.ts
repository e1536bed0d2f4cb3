import type { Block, Letter } from '@weir/model';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** A letter as its reader gets it, in the manner of the pages. */
export function letterView({ tone, lead, blocks, footer }: Letter): Html {
  return html`<article class="letter ${tone}">
    <p class="lead">${lead}</p>
    ${blocks.map(blockView)}
    <footer>${footer.map(blockView)}</footer>
  </article>`;
}

function blockView(block: Block): Html {
  switch (block.is) {
    case 'heading':
      return html`<h2>${block.text}</h2>`;
    case 'text':
      return html`<p>${block.text}</p>`;
    case 'link':
      return html`<p><a href="${block.url}">${block.text}</a></p>`;
    case 'table':
      return html`<div class="scroll" tabindex="0">
        <table class="builds">
          <tbody>
            ${block.rows.map(
              ({ cells, url }) =>
                html`<tr>
                  ${cells.map((cell, column) => html`<td>${column === 0 ? html`<a href="${url}">${cell}</a>` : cell}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
    case 'lines':
      return html`<pre class="log" tabindex="0">${block.lines.join('\n')}</pre>`;
  }
}
