import type { Html } from './html.ts';
import { html } from './html.ts';

/** A unified difference. The signs stand in the text itself: colour only repeats them. */
export function textDifference(text: string, label: string): Html {
  const lines = text.trimEnd().split('\n');
  return html`<pre class="difference scroll" tabindex="0" role="group" aria-label="${label}">
${lines.map(textLine)}</pre>`;
}

function textLine(line: string): Html {
  if (/^(---|\+\+\+|@@) /.test(line)) return html`<span class="quiet">${line}</span>\n`;
  if (line.startsWith('+')) return html`<ins>${line}</ins>\n`;
  return line.startsWith('-') ? html`<del>${line}</del>\n` : html`${line}\n`;
}
