import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { SmallDisk } from '../../../../test/hard-days/small-disk.ts';
import { needs } from '../../../../test/support/needs.ts';
import { JournalWriter, readJournal } from '../../src/runner/journal.ts';

describe("a build's journal", () => {
  it('takes the last entries on a full disk, and never a part of one', async function () {
    needs(this, 'root');
    await using disk = await SmallDisk.mount(1024 * 1024);
    const path = join(disk.dir, 'journal.jsonl');
    using journal = new JournalWriter(path, join(disk.dir, 'reserve'));
    const append = () => journal.append({ t: 'step-started', step: 0 });
    const numbers = () => readJournal(path, 1, journal.entries).map(({ n }) => n);
    disk.fill();

    for (let n = 1; n <= 1_000; n++) append();
    // The room that it kept for itself is taken by somebody else.
    disk.fill();
    const fillUp = () => {
      for (;;) append();
    };
    assert.throws(fillUp, /ENOSPC/);

    const { entries } = journal;
    assert.ok(entries >= 1_000);
    disk.empty();
    append();
    assert.deepEqual(
      numbers(),
      Array.from({ length: entries + 1 }, (_, index) => index + 1),
    );
  });
});
