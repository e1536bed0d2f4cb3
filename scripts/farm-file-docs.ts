import { readFile, writeFile } from 'node:fs/promises';
import { farmFileReference } from '../packages/master/src/farm/reference.ts';

/** Writes the reference in docs/farm-file.md anew from the table of options. */
const page = new URL('../docs/farm-file.md', import.meta.url);
const mark = '<!-- Made by scripts/farm-file-docs.ts: do not edit below. -->\n';

const text = await readFile(page, 'utf8');
const end = text.indexOf(mark);
if (end === -1) throw new Error(`docs/farm-file.md lacks the line ${mark.trim()}`);
await writeFile(page, `${text.slice(0, end)}${mark}\n${farmFileReference()}`);
