import assert from 'node:assert/strict';
import { suspectSides } from '@weir/model';
import { describe, it } from 'mocha';

const span = (upstream: [number, number], project: string | null, its?: [number, number]) => ({
  trunk: 'lang/main',
  project,
  upstreamReach: { green: upstream[0], red: upstream[1] },
  projectReach: its === undefined ? null : { green: its[0], red: its[1] },
});

describe('where the change may be that broke something', () => {
  it('is where all who show it turned from green to red', () => {
    const spans = [span([3, 6], 'lib', [1, 2]), span([4, 9], 'app', [1, 1])];
    assert.deepEqual(suspectSides(spans), [{ branch: 'lang/main', green: 4, red: 6 }]);
  });

  it('is on both sides where both moved', () => {
    assert.deepEqual(suspectSides([span([3, 4], 'lib', [1, 2])]), [
      { branch: 'lang/main', green: 3, red: 4 },
      { branch: 'lib', green: 1, red: 2 },
    ]);
  });

  it("is in the project's own changes where the trunk stood still for one", () => {
    const spans = [span([3, 3], 'lib', [1, 4]), span([2, 3], 'lib', [2, 4])];
    assert.deepEqual(suspectSides(spans), [{ branch: 'lib', green: 2, red: 4 }]);
  });

  it('is nowhere where nothing moved', () => {
    assert.deepEqual(suspectSides([span([3, 3], null)]), []);
  });
});
