import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { launchBrowser } from '../support/browser.ts';
import { FarmProcess, token } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import { runWeir } from '../support/run-weir.ts';
import { createSmallFarm } from '../support/small-farm.ts';

describe('the page of the farm file', () => {
  it('shows a new version without a reload, what is new in it, and the way back', async function () {
    needs(this, 'chromium');
    await using repositories = await createSmallFarm();
    const text = repositories.farm();
    await using farm = await FarmProcess.start({ farm: text, remotes: repositories.remotes });
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(`${farm.url}/sign-in?to=/farm-file`);
    await page.getByLabel('Admin token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('row', { name: /^1 in force/ }).waitFor();
    const path = join(farm.dir, 'next.yaml');
    await writeFile(path, text.replace('trunks: [lang/main]', 'trunks: [lang/main]\n    tier: 1'));

    const applied = await runWeir(['apply', path, '--reason', 'It matters'], farm);

    assert.equal(applied.status, 0, applied.stderr);
    const row = page.getByRole('row', { name: /^2 in force .* It matters$/ });
    await row.getByRole('link', { name: '2' }).click();
    await page.getByText('tier: 2 → 1').waitFor();
    assert.deepEqual(await page.locator('ins').allTextContents(), ['+    tier: 1']);

    await page.getByRole('link', { name: 'All versions' }).click();
    await page.getByRole('link', { name: '1', exact: true }).click();
    await page.getByRole('link', { name: 'What a roll-back would change' }).click();
    await page.getByText('tier: 1 → 2').waitFor();
    await page.getByLabel('Reason').fill('It does not');
    await page.getByRole('button', { name: 'Roll back to it' }).click();

    await page
      .getByRole('row', { name: /^3 in force .* version 1 again .* It does not$/ })
      .waitFor();
  });
});
