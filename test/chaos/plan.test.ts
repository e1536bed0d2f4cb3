import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { faultKinds, planFaults } from './plan.ts';
import type { PlanOptions } from './plan.ts';

const options: PlanOptions = {
  seed: 7,
  lengthMs: 30 * 60_000,
  gapMs: 2_500,
  victims: {
    master: ['master1', 'master2'],
    web: ['web1', 'web2'],
    postgres: ['postgres'],
    redis: ['redis'],
    worker: ['w01', 'w02', 'w03', 'w04', 'w05'],
  },
  withDisk: ['w01', 'master1'],
  withClock: ['w02', 'master1'],
  kinds: faultKinds,
};

describe('a plan of faults', () => {
  it('follows from its seed', () => {
    assert.deepEqual(planFaults(options), planFaults(options));
    assert.notDeepEqual(planFaults(options), planFaults({ ...options, seed: 8 }));
  });

  it('has every kind in half an hour, and each is over before the end', () => {
    const faults = planFaults(options);

    assert.deepEqual(new Set(faults.map(({ kind }) => kind)), new Set(faultKinds));
    assert.ok(faults.every(({ at, lastsMs }) => at + lastsMs <= options.lengthMs));
  });

  it('does nothing to a process that is killed or frozen already', () => {
    const isOfProcess = /^(agent|worker|master|web|postgres|redis) (killed|frozen)$/;
    const faults = planFaults(options).filter(({ kind }) => isOfProcess.test(kind));

    for (const [victim, of] of Map.groupBy(faults, (fault) => fault.victim)) {
      for (const [index, { at }] of of.entries()) {
        const before = of[index - 1];
        assert.ok(before === undefined || before.at + before.lastsMs < at, `${victim} at ${at}`);
      }
    }
  });

  it('fills disks and moves clocks only where there are such', () => {
    const faults = planFaults(options);

    const victims = (kind: string) =>
      new Set(faults.filter((fault) => fault.kind === kind).map(({ victim }) => victim));
    assert.deepEqual(victims('worker disk full'), new Set(['w01']));
    assert.deepEqual(victims('worker clock jumped'), new Set(['w02']));
    assert.deepEqual(victims('master disk full'), new Set(['master1']));
  });

  it('does nothing to servers that a farm on one machine does not have', () => {
    const victims = { ...options.victims, master: ['master'], web: [], postgres: [], redis: [] };
    const kinds = planFaults({ ...options, victims }).map(({ kind }) => kind);

    assert.ok(kinds.includes('master killed'));
    assert.ok(!kinds.some((kind) => /^(web|postgres|redis) /.test(kind)));
  });
});
