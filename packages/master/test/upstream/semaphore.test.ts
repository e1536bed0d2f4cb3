import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Semaphore } from '../../src/upstream/semaphore.ts';

describe('a semaphore', () => {
  it('gives its places in the order in which they are asked for', async () => {
    const semaphore = new Semaphore(2);
    const taken: string[] = [];
    const take = async (name: string): Promise<Disposable> => {
      const place = await semaphore.take();
      taken.push(name);
      return place;
    };

    const [first, second] = [await take('a'), await take('b')];
    const third = take('c');
    const fourth = take('d');
    await new Promise(setImmediate);
    assert.deepEqual(taken, ['a', 'b']);

    first[Symbol.dispose]();
    (await third)[Symbol.dispose]();
    second[Symbol.dispose]();
    (await fourth)[Symbol.dispose]();
    await take('e');
    assert.deepEqual(taken, ['a', 'b', 'c', 'd', 'e']);
  });
});
