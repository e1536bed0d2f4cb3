import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'mocha';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { farmFileReference } from '../../src/farm/reference.ts';

const root = new URL('../../../../', import.meta.url);

describe('docs/farm-file.md', () => {
  it('holds the reference as the table has it (node scripts/farm-file-docs.ts writes it)', async () => {
    const page = await readFile(new URL('docs/farm-file.md', root), 'utf8');

    assert.ok(page.endsWith(`do not edit below. -->\n\n${farmFileReference()}`));
  });

  it('begins with a farm file that is good', async () => {
    const page = await readFile(new URL('docs/farm-file.md', root), 'utf8');
    const [, example = ''] = /```yaml\n(farm: [^]*?)```/.exec(page) ?? [];

    const reading = readFarmText(example, 'farm.yaml');

    assert.ok(reading.ok, JSON.stringify(reading));
  });
});

describe('configs/lua.yaml', () => {
  it('is good', async () => {
    const text = await readFile(new URL('configs/lua.yaml', root), 'utf8');

    assert.ok(readFarmText(text, 'lua.yaml').ok);
  });
});
