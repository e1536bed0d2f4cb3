import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { drawOf } from '../bench/simulate/draw.ts';
import { type Fleet, fleetOf } from '../bench/simulate/fleets.ts';
import { needOf } from '../bench/simulate/need.ts';
import { parseOptions } from '../bench/simulate/options.ts';
import { type OrderName, orderNames } from '../bench/simulate/orders.ts';
import { type Outcome, outcomeOf } from '../bench/simulate/outcome.ts';
import { Simulation } from '../bench/simulate/simulation.ts';

/** A small farm of packages for a few hours. What real time it took is left out. */
function play(
  over: {
    order?: OrderName;
    seed?: number;
    slots?: number;
    hours?: number;
    turn?: (fleet: Fleet) => Fleet;
  } = {},
): Omit<Outcome, 'matchingUsPerBuild'> {
  const { order = 'urgency', seed = 1, slots = 12, hours = 12, turn = (fleet) => fleet } = over;
  const draw = drawOf(seed);
  const fleet = turn(fleetOf('packages', draw, { projects: 20, slots }));
  const simulation = new Simulation(fleet, draw, { order, hours, world: 'skewed', flakes: 0.01 });
  simulation.run();
  const { matchingUsPerBuild: _, ...outcome } = outcomeOf(simulation);
  return outcome;
}

describe('the simulator', () => {
  it('says the same again for the same seed, and something else for another', () => {
    assert.deepEqual(play(), play());
    assert.notDeepEqual(play(), play({ seed: 2 }));
  });

  it('ends every request in a build or by a newer one, whatever the order', () => {
    for (const order of orderNames) {
      const { requests, builds, superseded, triggers, builders } = play({ order });

      assert.equal(builds + superseded, requests, order);
      assert.equal(requests, triggers * builders, order);
    }
  });

  it('keeps its slots busy, and never gives one two builds', () => {
    const { busyPercent, builds, lastVerdict } = play({ slots: 12 });

    assert.ok(busyPercent > 0 && busyPercent <= 100);
    assert.ok(builds > 0 && Number.isFinite(lastVerdict.mean));
  });

  it('judges every commit by every builder in the end', () => {
    const { firstVerdict, lastVerdict, unseenPercent } = play({ slots: 300 });

    assert.ok(firstVerdict.p50 < lastVerdict.p50);
    assert.equal(unseenPercent, 0);
  });

  it('meets the same commits and breakages in every order', () => {
    const orders = orderNames.map((order) => play({ order }));

    for (const { breakages, triggers } of orders) {
      assert.equal(breakages, orders[0]?.breakages);
      assert.equal(triggers, orders[0]?.triggers);
    }
  });

  it('says the same when machines are listed the other way round', () => {
    const turned = play({
      turn: (fleet) => ({ ...fleet, machines: fleet.machines.toReversed() }),
    });

    assert.deepEqual(turned, play());
  });

  it('builds more and waits less with more slots', () => {
    const few = play({ slots: 12 });
    const many = play({ slots: 120 });

    assert.ok(many.builds >= few.builds);
    assert.ok(many.lastVerdict.mean < few.lastVerdict.mean);
  });

  it('has the 1,038 builders of the fleet of today, the 15,000 of the packages and ten times those', () => {
    const builders = (fleet: Fleet): number =>
      new Simulation(fleet, drawOf(1), { order: 'urgency', hours: 0.01, world: 'even', flakes: 0 })
        .builders;

    assert.equal(builders(fleetOf('cpython', drawOf(1))), 1_038);
    assert.equal(builders(fleetOf('packages', drawOf(1))), 15_003);
    assert.equal(fleetOf('ten-times', drawOf(1)).farm.projects.size, 50_000);
  });

  it('adds engines as the peak of builds grows', () => {
    const outcome = { ...play(), matchingUsPerBuild: 0 };
    const engines = (mostBuildsPerSecond: number): number =>
      needOf({ ...outcome, mostBuildsPerSecond }).engines;

    assert.equal(engines(1), 1);
    assert.ok(engines(1_000) > engines(500));
  });

  it('names what is wrong with its arguments', () => {
    assert.throws(() => parseOptions(['--fleet', 'lua']), /--fleet is one of cpython, packages/);
    assert.throws(() => parseOptions(['--order', 'fast']), /--order is one of urgency/);
    assert.throws(() => parseOptions(['--hours', '0']), /--hours is a number above 0/);
  });
});
