import type { Block, Letter, TableRow } from './letter.ts';

const width = 76;

/** A letter as plain text: lines of at most 76 characters, where what it quotes allows that. */
export function letterText({ lead, blocks, footer }: Letter): string {
  const parts = [wrap(lead), ...blocks.map(blockText), `-- \n${footer.map(blockText).join('\n')}`];
  return `${parts.join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.is) {
    case 'heading':
      return `${block.text}\n${'-'.repeat(Math.min(width, block.text.length))}`;
    case 'text':
      return wrap(block.text);
    case 'link':
      return `${block.text}: ${block.url}`;
    case 'table':
      return tableText(block.rows);
    case 'lines':
      return block.lines.map((line) => `    ${line}`.trimEnd()).join('\n');
  }
}

function tableText(rows: readonly TableRow[]): string {
  const widths: number[] = [];
  for (const { cells } of rows) {
    for (const [column, cell] of cells.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return rows
    .map(({ cells, url }) => {
      const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
      return `  ${padded.join('  ').trimEnd()}\n    ${url}`;
    })
    .join('\n');
}

function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
