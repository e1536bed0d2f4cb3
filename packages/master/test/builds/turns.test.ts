import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { BusyError, Turns } from '../../src/builds/objects/turns.ts';

describe('turns', () => {
  it('are taken one at a time, in order, whatever becomes of those before', async () => {
    const turns = new Turns(10);
    const done: string[] = [];
    let atOnce = 0;
    const work = (name: string) => async (): Promise<string> => {
      atOnce += 1;
      assert.equal(atOnce, 1);
      await new Promise(setImmediate);
      atOnce -= 1;
      done.push(name);
      if (name === 'b') throw new Error('boo');
      return name;
    };

    const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns.take(work(name))));

    assert.deepEqual(done, ['a', 'b', 'c']);
    assert.deepEqual(
      all.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('are refused where too many wait, and given again when they have gone', async () => {
    const turns = new Turns(2);
    let end = (): void => {};
    const long = turns.take(() => new Promise<void>((resolve) => (end = resolve)));
    await new Promise(setImmediate);
    const waiting = [turns.take(async () => {}), turns.take(async () => {})];

    await assert.rejects(
      turns.take(async () => {}),
      BusyError,
    );
    end();
    await Promise.all([long, ...waiting]);

    await turns.take(async () => {});
  });
});
