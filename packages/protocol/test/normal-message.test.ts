import assert from 'node:assert/strict';
import { normalMessage } from '@weir/protocol';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';

describe('the normal form of a message', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['  assert 1\n   == 2 ', 'assert 1 == 2'],
    ['\u001b[31mexpected\u001b[0m 3', 'expected 3'],
    ['File "/tmp/build-17/lib/json.py", line 17, in loads', 'File "json.py", line N, in loads'],
    ['at C:\\work\\app\\Foo.cs:line 12', 'at Foo.cs:line N'],
    ['at run (file:///home/u/app/run.js:12:7)', 'at run (run.js:N)'],
    ['Program.cs(12,7): error', 'Program.cs(N): error'],
    ['<Foo object at 0x7f8a2c001234>', '<Foo object at ADDRESS>'],
    ['timed out after 1.25 s', 'timed out after DURATION'],
    ['took 300ms', 'took DURATION'],
    ['at 2026-11-21T16:18:10.123Z it', 'at TIME it'],
    ['at 16:18:10 it', 'at TIME it'],
    ['no commit 0686fa466ef3a2ab6bcb126c72234a6b81a17607', 'no commit HEX'],
    ['job 123e4567-e89b-12d3-a456-426614174000 is gone', 'job UUID is gone'],
    ['src/foo.lua:12: attempt to index nil', 'src/foo.lua:N: attempt to index nil'],
    ['expected 12345678 tests, 3 statements', 'expected 12345678 tests, 3 statements'],
  ];
  for (const [message, normal] of cases) {
    it(`of ${JSON.stringify(message)} is ${JSON.stringify(normal)}`, () => {
      assert.equal(normalMessage(message), normal);
    });
  }

  it('is the same wherever and whenever it happened', () => {
    const folder = fc.array(fc.stringMatching(/^[a-z][\w.-]{0,8}$/), {
      minLength: 1,
      maxLength: 5,
    });
    const seen = fc.record({ folder, line: fc.nat(9_999), address: fc.nat(), ms: fc.nat(99_999) });
    const message = ({
      folder: names,
      line,
      address,
      ms,
    }: typeof seen extends fc.Arbitrary<infer T> ? T : never) =>
      `/${names.join('/')}/a.py:${line}: <X at 0x${address.toString(16)}> after ${ms} ms`;

    fc.assert(
      fc.property(seen, seen, (a, b) => {
        assert.equal(normalMessage(message(a)), normalMessage(message(b)));
      }),
    );
  });

  it('takes no time to speak of, whatever the text', () => {
    const texts = ['/a', '/', '0', 'a1', '\u001b[', ' ', '1:', '-', '.a:1'].map((text) =>
      text.repeat(2_000 / text.length),
    );

    const begin = performance.now();
    for (const text of texts) normalMessage(text);

    assert.ok(performance.now() - begin < 1_000);
  });
});
