import assert from 'node:assert/strict';
import type { Result } from '@weir/protocol';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Elsewhere, FamilyRun, Strikes, WorkerRun } from '../../src/workers/quarantine.ts';
import { fareElsewhere, judgeWorker, quarantineMs } from '../../src/workers/quarantine.ts';

const clean: Strikes = { count: 0, at: null, family: null };
const struck: Strikes = { count: 1, at: 100, family: 'project:json' };
const nowhere: Elsewhere = { takenAt: null, builtAt: null };

function run(over: Partial<WorkerRun> = {}): WorkerRun {
  return { result: 'exception', startedAt: 200, family: 'project:json', ...over };
}

function says(
  expected: ReturnType<typeof judgeWorker>,
  over: Partial<WorkerRun>,
  strikes: Strikes = clean,
  elsewhere: Elsewhere = nowhere,
): void {
  assert.equal(judgeWorker(run(over), strikes, elsewhere), expected);
}

describe('what a build says about its worker', () => {
  it('is a strike when infrastructure took it', () => {
    says('strike', { result: 'exception' });
    says('strike', { result: 'lost' });
  });

  it('is that it is sane when it came to a result, red or green', () => {
    for (const result of ['success', 'warnings', 'failure'] as const) {
      says('sane', { result }, struck);
    }
  });

  it('is nothing when it was cancelled or skipped', () => {
    for (const result of ['cancelled', 'skipped'] as const) says('nothing', { result }, struck);
  });

  it('is nothing when it began before the last strike, whatever its end', () => {
    for (const result of ['lost', 'exception', 'success'] as const) {
      says('nothing', { result, startedAt: 99, family: 'project:other' }, struck);
    }
  });

  it('is nothing when infrastructure took the project on another worker too', () => {
    says('nothing', {}, clean, { takenAt: 50, builtAt: null });
    says('nothing', { family: 'project:other' }, struck, { takenAt: 50, builtAt: 10 });
  });

  it('is nothing for the same project again, until another worker has built it', () => {
    says('nothing', {}, struck);
    says('nothing', {}, struck, { takenAt: null, builtAt: 100 });
    says('strike', {}, struck, { takenAt: null, builtAt: 101 });
  });

  it('is a strike for another project after the last one', () => {
    says('strike', { family: 'upstream:lua' }, struck);
  });
});

describe('quarantine after strikes', () => {
  it('doubles from 10 s up to an hour, and the first one costs nothing', () => {
    const times = Array.from({ length: 13 }, (_, count) => quarantineMs(count, true) / 1_000);

    assert.deepEqual(times, [0, 0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
  });

  it('is a minute at most while the whole farm comes to no result', () => {
    const times = Array.from({ length: 8 }, (_, count) => quarantineMs(count, false) / 1_000);

    assert.deepEqual(times, [0, 0, 10, 20, 40, 60, 60, 60]);
  });
});

interface Turn {
  readonly worker: number;
  readonly project: number;
}

/** A farm in which one build follows the other; the longest quarantine of each worker. */
class Farm {
  readonly longestMs: number[];
  readonly #strikes: Strikes[];
  readonly #runs = new Map<string, FamilyRun[]>();
  #now = 1_000;

  constructor(workers: number) {
    this.longestMs = Array.from({ length: workers }, () => 0);
    this.#strikes = this.longestMs.map(() => clean);
  }

  build({ worker, project }: Turn, result: Result): void {
    const family = `project:${project}`;
    const startedAt = this.#now;
    this.#now += 10;
    const strikes = this.#strikes[worker] ?? clean;
    const judged = judgeWorker(
      { result, startedAt, family },
      strikes,
      fareElsewhere(this.#runs.get(family) ?? [], worker),
    );
    const run = { workerId: worker, result, at: this.#now };
    this.#runs.set(family, [...(this.#runs.get(family) ?? []), run]);
    if (judged === 'sane') this.#strikes[worker] = clean;
    if (judged !== 'strike') return;
    const count = strikes.count + 1;
    this.#strikes[worker] = { count, at: this.#now, family };
    this.longestMs[worker] = Math.max(this.longestMs[worker] ?? 0, quarantineMs(count, true));
  }
}

function turnsOn(workers: number): fc.Arbitrary<{ workers: number; turns: Turn[] }> {
  const turn = fc.record({ worker: fc.nat(workers - 1), project: fc.nat(3) });
  return fc.record({ workers: fc.constant(workers), turns: fc.array(turn, { maxLength: 60 }) });
}

describe('the quarantine of a whole farm', () => {
  it('quarantines no worker for one project that fails everywhere', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3).chain(turnsOn), ({ workers, turns }) => {
        const farm = new Farm(workers);
        for (const turn of turns) farm.build(turn, turn.project === 0 ? 'exception' : 'success');

        assert.equal(Math.max(...farm.longestMs), 0);
      }),
    );
  });

  it('quarantines a worker that takes no build to a result, and no other one', () => {
    fc.assert(
      fc.property(turnsOn(3), ({ workers, turns }) => {
        const farm = new Farm(workers);
        for (const turn of turns) farm.build(turn, turn.worker === 0 ? 'lost' : 'success');

        assert.deepEqual(farm.longestMs.slice(1), [0, 0]);
        const own = turns.filter(({ worker }) => worker === 0);
        const changes = own.filter(({ project }, index) => project !== own[index - 1]?.project);
        assert.ok((farm.longestMs[0] ?? 0) >= quarantineMs(changes.length, true));
      }),
    );
  });

  it('forgets everything for one build with a result', () => {
    fc.assert(
      fc.property(turnsOn(1), ({ workers, turns }) => {
        const farm = new Farm(workers);
        for (const turn of turns) {
          farm.build(turn, 'lost');
          farm.build(turn, 'failure');
        }

        assert.deepEqual(farm.longestMs, [0]);
      }),
    );
  });
});
