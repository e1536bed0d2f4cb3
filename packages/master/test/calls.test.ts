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
      { t: 'grew', logs: [1, 2, 3] },
    ] as const satisfies Call[]) {
      const [text = '', ...more] = sent(call as Call);
      assert.deepEqual(readCall(text), call);
      assert.deepEqual(more, []);
    }
  });

  it('is said in parts when it is long', () => {
    const logs = Array.from({ length: 5_000 }, (_, index) => 1_000_000 + index);

    const texts = sent({ t: 'grew', logs });

    assert.ok(texts.every((text) => Buffer.byteLength(text) <= callBytes));
    const heard = texts.map(readCall).flatMap((call) => (call?.t === 'grew' ? call.logs : []));
    assert.deepEqual(heard, logs);
  });

  it('is passed over when it is something else', () => {
    for (const text of ['', '{', 'null', '[]', '{"t":"stop"}', '{"t":"grew","logs":["1"]}']) {
      assert.equal(readCall(text), null);
    }
  });
});
