import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { SharedAnswers } from '../../src/web/server/shared-answers.ts';

describe('answers that all who ask share', () => {
  let event: number;
  let farm: object;
  let now: number;
  let pages: SharedAnswers;
  /** The drawings that have begun; each ends when the test says so. */
  let drawings: PromiseWithResolvers<Buffer>[];
  /** Resolves when so many have begun. */
  let begun: (count: number) => Promise<void>;

  beforeEach(() => {
    event = 1;
    farm = { name: 'before' };
    now = 0;
    drawings = [];
    let heard = (): void => {};
    begun = async (count) => {
      while (drawings.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        heard = resolve;
        await promise;
      }
    };
    pages = new SharedAnswers({ newestEvent: async () => event, farm: () => farm, now: () => now });
    draw = () => {
      const drawing = Promise.withResolvers<Buffer>();
      drawings.push(drawing);
      heard();
      return drawing.promise;
    };
  });
  let draw: () => Promise<Buffer>;
  const ask = async (address = '/'): Promise<string> => String(await pages.get(address, draw));
  const end = (drawing: number, text: string): void =>
    drawings[drawing]?.resolve(Buffer.from(text));

  it('are drawn once for all who ask at the same time', async () => {
    const asked = [ask(), ask(), ask()];
    await begun(1);
    end(0, 'one');

    assert.deepEqual(await Promise.all(asked), ['one', 'one', 'one']);
    assert.equal(await ask(), 'one');
    assert.equal(drawings.length, 1);
  });

  it('hold all events that there were when they were asked for', async () => {
    const early = ask();
    await begun(1);
    event = 2;
    const late = [ask(), ask()];
    // Nothing is drawn twice at a time.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(drawings.length, 1);
    end(0, 'without the second event');
    await begun(2);
    end(1, 'with it');

    assert.equal(await early, 'without the second event');
    assert.deepEqual(await Promise.all(late), ['with it', 'with it']);
    assert.equal(drawings.length, 2);
  });

  it('are drawn anew after a moment, for what no event tells of', async () => {
    const first = ask();
    await begun(1);
    end(0, 'a second ago');
    await first;

    now = 500;
    const second = ask();
    await begun(2);
    end(1, 'now');

    assert.equal(await second, 'now');
  });

  it('are drawn anew with another farm file, which comes after its event', async () => {
    const first = ask();
    await begun(1);
    end(0, 'before');
    await first;

    farm = { name: 'after' };
    const second = ask();
    await begun(2);
    end(1, 'after');

    assert.equal(await second, 'after');
  });

  it('of different addresses have nothing to do with each other', async () => {
    const asked = [ask('/'), ask('/console')];
    await begun(2);
    end(1, 'console');
    assert.equal(await asked[1], 'console');
    end(0, 'waterfall');

    assert.equal(await asked[0], 'waterfall');
  });

  it('that can not be drawn are no page for anybody, and are tried again after the next event', async () => {
    const asked = Promise.allSettled([ask(), ask()]);
    await begun(1);
    drawings[0]?.reject(new Error('no such build'));
    const settled = await asked;
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['rejected', 'rejected'],
    );

    event = 2;
    const second = ask();
    await begun(2);
    end(1, 'here it is');

    assert.equal(await second, 'here it is');
  });
});
