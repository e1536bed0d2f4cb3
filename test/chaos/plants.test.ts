import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'mocha';
import { checkPlant, readPlants } from './plants.ts';

describe('the plants', () => {
  const plants = readPlants();

  it('break each invariant of what may be lost', () => {
    const invariants = new Set(plants.map(({ invariant }) => invariant));
    assert.deepEqual([...invariants], [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  for (const plant of plants) {
    it(`fit the tree: ${plant.name}`, () => checkPlant(plant));

    it(`name what there is to catch them: ${plant.name}`, () => {
      const [program, file = ''] = plant.caughtBy.split(' ');
      assert.ok(program === 'chaos' || existsSync(file), plant.caughtBy);
    });
  }
});
