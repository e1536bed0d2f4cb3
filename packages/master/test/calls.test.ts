import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Call } from '../src/calls.ts';
import { readCall, sendCall } from '../src/calls.ts';
import { callBytes } from '../src/store/store.ts';

function sent(call: Call): string[] {
  const texts: string[] = [];
  sendCall({ call: (text) => void texts.push(text) }, call);
  return texts;
}

describe('what processes of a farm say to each other', () => {
  it('is heard as it was said', () => {
    for (const call of [
      { t: 'poll', branches: ['lang/main', 'ä'], farmFile: true },
      { t: 'ask-worker', worker: 7, ask: { t: 'slots', slots: 2 } },
      { t: 'ask-worker', worker: 7, ask: { t: 'leave' } },
    ] as const satisfies Call[]) {
      const [text = '', ...more] = sent(call as Call);
      assert.deepEqual(readCall(text), call);
      assert.deepEqual(more, []);
    }
  });

  it('is said in parts when it is long', () => {
    const branches = Array.from({ length: 5_000 }, (_, index) => `lang/branch-${index}`);

    const texts = sent({ t: 'poll', branches, farmFile: false });

    assert.ok(texts.every((text) => Buffer.byteLength(text) <= callBytes));
    const heard = texts.map(readCall).flatMap((call) => (call?.t === 'poll' ? call.branches : []));
    assert.deepEqual(heard, branches);
  });

  it('is passed over when it is something else', () => {
    for (const text of ['', '{', 'null', '[]', '{"t":"stop"}', '{"t":"poll","branches":[1]}']) {
      assert.equal(readCall(text), null);
    }
  });
});
