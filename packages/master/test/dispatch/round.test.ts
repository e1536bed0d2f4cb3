import assert from 'node:assert/strict';
import type { BuilderFacts, WorkerFacts } from '@weir/model';
import { describe, it } from 'mocha';
import {
  facts,
  projectBuilder,
  runtimeBuilder,
  worker,
} from '../../../model/test/support/facts.ts';
import { decide, type Round } from '../../src/dispatch/round.ts';
import { EmbeddedQueue } from '../../src/queue/embedded.ts';
import { waitingOf } from '../../src/queue/queue.ts';
import { requestRow } from '../support/request-row.ts';

interface Waits {
  readonly builder: BuilderFacts;
  readonly commit?: string;
  readonly notBefore?: number;
}

/** A farm with shared runtimes, and how many requests each of its rounds looked at. */
function play(waits: readonly Waits[], workers: readonly WorkerFacts[]): Round {
  const queue = new EmbeddedQueue();
  for (const [index, { builder, commit = 'c1', notBefore }] of waits.entries()) {
    const request = requestRow({
      id: index + 1,
      builder_id: builder.id,
      upstream_commit: commit,
      not_before: notBefore ?? null,
    });
    queue.add(waitingOf(request, builder));
  }
  const builders = [runtime, ...waits.map(({ builder }) => builder)];
  return decide(queue, () => facts({ builders, workers, artifacts: new Set(['1@c1']) }));
}

const runtime = runtimeBuilder({ artifacts: 'any' });
const project = (id: number, over: Partial<BuilderFacts> = {}): BuilderFacts =>
  projectBuilder({ id, project: `p${id}`, artifacts: 'any', ...over });
const projects = (count: number, over: Partial<BuilderFacts> = {}): Waits[] =>
  Array.from({ length: count }, (_, n) => ({ builder: project(n + 2, over) }));
const oneFree = worker({ slots: 4, free: 1 });

describe('a round of dispatching', () => {
  it('looks at as little of ten thousand that wait as of one thousand', () => {
    const few = play(projects(1_000), [oneFree]);
    const many = play(projects(10_000), [oneFree]);

    assert.equal(many.waiting.size, few.waiting.size);
    assert.ok(many.waiting.size < 100);
    assert.equal(many.assigned.length, 1);
  });

  it('finds the most urgent one wherever it stands', () => {
    const waits = projects(6_000);
    waits.push({ builder: project(9_000, { tier: 1 }) });

    assert.deepEqual(play(waits, [oneFree]).assigned, [{ request: 6_001, worker: 1 }]);
  });

  it('finds a runtime behind thousands of projects', () => {
    const round = play([...projects(6_000), { builder: runtime, commit: 'c2' }], [oneFree]);

    assert.deepEqual(round.assigned, [{ request: 6_001, worker: 1 }]);
  });

  it('is not held up by projects whose runtime is not there', () => {
    const waits = projects(500, { lastDurationMs: 1 }).map((each) => ({ ...each, commit: 'c2' }));
    waits.push({ builder: project(9_000), commit: 'c1' });
    const round = play(waits, [oneFree]);

    assert.deepEqual(round.assigned, [{ request: 501, worker: 1 }]);
    assert.deepEqual(
      round.runtimesNeeded.map(({ commit }) => commit),
      ['c2'],
    );
  });

  it('asks for a runtime while all slots are busy', () => {
    const round = play([{ builder: project(2), commit: 'c2' }], [worker({ free: 0 })]);

    assert.equal(round.runtimesNeeded.length, 1);
  });

  it('looks further behind what backs off, as long as a slot is free', () => {
    const waits: Waits[] = projects(3_000).map((each) => ({ ...each, notBefore: 2_000_000_000 }));
    waits.push({ builder: project(9_000, { tier: 3 }) });

    assert.deepEqual(play(waits, [oneFree]).assigned, [{ request: 3_001, worker: 1 }]);
  });

  it('says that there is more while slots stay free', () => {
    const two = [worker({ id: 1, slots: 1, free: 1 }), worker({ id: 2, slots: 1, free: 1 })];
    const full = projects(200, { maxParallel: 1, project: 'one' });

    assert.equal(play(projects(200), two).isMore, false);
    assert.equal(play(full, two).isMore, true);
  });
});
