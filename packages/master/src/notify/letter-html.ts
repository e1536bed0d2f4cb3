import type { Block, Letter } from '@weir/model';
import type { Html } from '../web/pages/html.ts';
import { html } from '../web/pages/html.ts';

const text = 'margin:0 0 12px;font:16px/1.5 system-ui,sans-serif';
const pre =
  'margin:0 0 16px;padding:12px;overflow-x:auto;white-space:pre-wrap;background:#f2f4f5;color:#1a1d1f;border-radius:6px;font:13px/1.45 ui-monospace,monospace';
const tones = { bad: '#e98080', good: '#8fdf5f', plain: '#ccd2d6' };
const link = 'color:#0b6e99';

/** A letter as the HTML of a mail: styles within, as mail programs want them, and nothing that is loaded. */
export function letterHtml(title: string, { tone, lead, blocks, footer }: Letter): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light"><title>${title}</title></head>
<body style="margin:0;padding:16px;background:#ffffff;color:#1a1d1f">
<div style="max-width:720px;margin:0 auto">
<p style="${text};font-weight:600;padding-left:12px;border-left:6px solid ${tones[tone]}">${lead}</p>
${blocks.map(blockHtml)}
<hr style="border:0;border-top:1px solid #ccd2d6;margin:24px 0 12px">
<div style="color:#5a6670">${footer.map(blockHtml)}</div>
</div>
</body>
</html>
`.toString();
}

function blockHtml(block: Block): Html {
  switch (block.is) {
    case 'heading':
      return html`<h2 style="margin:24px 0 8px;font:600 17px/1.3 system-ui,sans-serif">${block.text}</h2>\n`;
    case 'text':
      return html`<p style="${text}">${block.text}</p>\n`;
    case 'link':
      return html`<p style="${text}"><a style="${link}" href="${block.url}">${block.text}</a></p>\n`;
    case 'table':
      return html`<table style="border-collapse:collapse;margin:0 0 16px;font:15px/1.4 system-ui,sans-serif">
${block.rows.map(
  ({ cells, url }) =>
    html`<tr>${cells.map(
      (cell, column) =>
        html`<td style="padding:4px 16px 4px 0;vertical-align:top">${column === 0 ? html`<a style="${link}" href="${url}">${cell}</a>` : cell}</td>`,
    )}</tr>\n`,
)}</table>\n`;
    case 'lines':
      return html`<pre style="${pre}">${block.lines.join('\n')}</pre>\n`;
  }
}
