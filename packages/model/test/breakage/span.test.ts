import assert from 'node:assert/strict';
import { breakageShownBy, movedOf, movedOfAll } from '@weir/model';
import type { Span } from '@weir/model';
import { describe, it } from 'mocha';

/** A span from `lang/main 3..5 lib 2..2`. */
function span(text: string): Span {
  const [trunk = '', upstream = '', project, reach] = text.split(' ');
  const reachOf = (range: string) => {
    const [green = 0, red = 0] = range.split('..').map(Number);
    return { green, red };
  };
  return {
    trunk,
    project: project ?? null,
    upstreamReach: reachOf(upstream),
    projectReach: reach === undefined ? null : reachOf(reach),
  };
}

describe('what moved between green and red', () => {
  const table = [
    ['lang/main 3..5 lib 2..2', 'upstream'],
    ['lang/main 3..3 lib 2..4', 'project'],
    ['lang/main 3..5 lib 2..4', 'both'],
    ['lang/main 3..3 lib 2..2', 'neither'],
    ['lang/main 3..5', 'upstream'],
    ['lang/main 3..3', 'neither'],
  ] as const;
  for (const [text, moved] of table) {
    it(`${text}: ${moved}`, () => assert.equal(movedOf(span(text)), moved));
  }
});

describe('the breakage that a builder shows', () => {
  const shown = (text: string, ...open: readonly (readonly string[])[]) =>
    breakageShownBy(
      span(text),
      open.map((spans, index) => ({ id: index + 1, spans: spans.map(span) })),
    );

  it('is the one that a change of the trunk explains as well', () => {
    assert.equal(shown('lang/main 3..5 lib 2..2', ['lang/main 4..6 app 1..1']), 1);
  });

  it('is another one when the trunk had turned before', () => {
    assert.equal(shown('lang/main 5..6 lib 2..2', ['lang/main 4..5 app 1..1']), null);
  });

  it('is another one on another trunk', () => {
    assert.equal(shown('lang/1.x 3..5 lib 2..2', ['lang/main 3..5 app 1..1']), null);
  });

  it('is that of the project where the trunk stood still', () => {
    assert.equal(shown('lang/1.x 3..3 lib 2..4', ['lang/main 7..7 lib 2..4']), 1);
    assert.equal(shown('lang/main 3..3 lib 2..4', ['lang/main 3..3 app 2..4']), null);
  });

  it('must be explained by one change for all who show it', () => {
    const open = ['lang/main 1..9 lib 2..2', 'lang/main 1..3 app 1..1'];
    assert.equal(shown('lang/main 3..9 net 1..1', open), null);
    assert.equal(shown('lang/main 2..9 net 1..1', open), 1);
  });

  it('is the oldest of several, and a change of the trunk goes first', () => {
    const open = [['lang/main 3..3 lib 2..4'], ['lang/main 3..5 app 1..1']];
    assert.equal(shown('lang/main 3..5 lib 2..4', ...open), 2);
    assert.equal(shown('lang/main 3..5 net 1..1', open[1] ?? [], open[1] ?? []), 1);
  });

  it('is its own where nothing moved', () => {
    assert.equal(shown('lang/main 3..3 lib 2..2', ['lang/main 3..3 lib 2..2']), null);
  });
});

it('what moved for several builders is what can explain all of them', () => {
  const both = span('lang/main 3..5 lib 2..4');
  assert.equal(movedOfAll([both]), 'both');
  assert.equal(movedOfAll([both, span('lang/main 3..5 app 1..1')]), 'upstream');
  assert.equal(movedOfAll([both, span('lang/main 4..4 lib 2..4')]), 'project');
});
