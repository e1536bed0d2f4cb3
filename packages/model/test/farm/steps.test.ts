import assert from 'node:assert/strict';
import type { ServiceSpec, StepSpec } from '@weir/protocol';
import { describe, it } from 'mocha';
import { withServiceSteps } from '../../src/index.ts';

const times = { timeoutMs: 1_000, silenceMs: 1_000 };
const test: StepSpec = { name: 'test', run: 'make', network: true, install: false, ...times };
const db: ServiceSpec = {
  name: 'db',
  image: 'postgres:16',
  port: 5432,
  command: [],
  env: {},
  memoryBytes: 1,
  startWithinMs: 60_000,
};

describe('the steps of a build', () => {
  it('are those of the farm file where there are no services', () => {
    assert.deepEqual(withServiceSteps([test], []), [test]);
  });

  it('begin and end with those that start and stop services', () => {
    const slow = { ...db, name: 'slow', startWithinMs: 120_000 };

    const [start, own, stop, ...rest] = withServiceSteps([test], [db, slow]);

    assert.deepEqual(rest, []);
    assert.equal(own, test);
    assert.deepEqual([start?.name, start?.services], ['start services', 'start']);
    assert.equal(start?.run, '# db: postgres:16, port 5432\n# slow: postgres:16, port 5432');
    // Ten minutes for the images, and the slowest service.
    assert.equal(start?.timeoutMs, 12 * 60_000);
    assert.deepEqual([stop?.name, stop?.services, stop?.always], ['stop services', 'stop', true]);
  });
});
