import process from 'node:process';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import type { Happening } from './commands.ts';
import {
  advance,
  arriveLate,
  ask,
  cancel,
  cut,
  cutPower,
  endStep,
  freezeRunner,
  garble,
  happenings,
  hold,
  killAgent,
  killMaster,
  overtake,
  resize,
  slowDisk,
  startAgents,
  startMaster,
  write,
} from './commands.ts';
import type { Template } from './template.ts';
import { makeTemplate } from './template.ts';
import { World } from './world.ts';

/** `WEIR_MODEL_SEED` plays another seed (`random`: any), `WEIR_MODEL_RUNS` for longer. */
const runs = Number(process.env['WEIR_MODEL_RUNS'] ?? 25);
const wanted = process.env['WEIR_MODEL_SEED'] ?? '1';
const seed = wanted === 'random' ? Date.now() % 0x7fffffff : Number(wanted);

describe('the worker protocol', () => {
  let template: Template;
  before(async () => {
    template = await makeTemplate();
  });
  after(() => template?.[Symbol.dispose]());

  /** Lets these things happen to a farm; then it is healed, and must come to its end by itself. */
  async function play(happened: Iterable<Happening>): Promise<void> {
    await using world = await World.begin(template);
    try {
      await fc.asyncModelRun(() => ({ model: { world }, real: world }), happened);
      world.say('--- heal');
      await world.heal();
    } catch (error) {
      if (process.env['WEIR_MODEL_TRACE'] !== undefined) console.log(world.trace.join('\n'));
      throw error;
    }
  }

  it('loses nothing, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(happenings, { size: 'max', maxCommands: 250 }), play),
      { numRuns: runs, seed },
    );
  }).timeout(0);

  describe('goes on', () => {
    it('when a worker is linked again while the disk of the logs is slow', () =>
      play([slowDisk('log', true), ask(), killMaster(0, 0), startMaster(), advance(200_000)]));

    it('when a worker is given more slots just after its hello', () =>
      play([
        slowDisk('log', true),
        ask(),
        killMaster(0, 0),
        startMaster(),
        advance(60),
        resize(0, 3),
      ]));

    it('with the request of an offer that was taken by a frozen runner while the master died', () =>
      play([
        ask(),
        ask(),
        killAgent(1, false),
        freezeRunner(5),
        cutPower(0),
        startAgents(),
        startMaster(),
        advance(20_000),
      ]));

    it('with the build of a runner that is frozen when its agent comes back', () =>
      play([ask(), killAgent(0, false), freezeRunner(0), startAgents(), advance(60_000)]));

    it('with the build of a slot that is wanted no more when its agent comes back', () =>
      play([ask(), ask(), resize(0, 1), killAgent(0, false), endStep(0)]));

    it('when frames of a journal change places', () =>
      play([ask(), garble(0, 'to farm', 'swap'), endStep(0)]));
  });

  describe('decides once', () => {
    /** A worker is away for almost too long; its build is taken over while the reaper looks at it. */
    const almostGivenUp = [
      ask(),
      killAgent(0, false),
      advance(152_000),
      slowDisk('store', true),
      startAgents(),
      write('store', 1),
      write('store', 1),
      advance(5_000),
    ];

    it('on a build that is taken over while it is given up', () =>
      play([...almostGivenUp, write('store', 1), write('store', 1), write('store', 1)]));

    it('on a build that is given up while it is taken over', () =>
      play([...almostGivenUp, overtake(1), overtake(1), write('store', 1)]));

    it('on an offer that is given back while a person cancels it', () =>
      play([
        hold(0, true),
        ask(),
        slowDisk('store', true),
        cancel(0),
        cut(0, { farm: true, worker: true }),
        slowDisk('store', false),
      ]));
  });

  describe('refuses what a dead engine still writes', () => {
    /** The engine is dead, and another one has had time to go on. */
    const succeed = [killMaster(0, 0), slowDisk('store', false), startMaster(), advance(5_000)];

    it('of a journal', () =>
      play([ask(), slowDisk('store', true), endStep(0), ...succeed, arriveLate(0)]));

    it('of a claim', () =>
      play([slowDisk('store', true), ask(), write('store', 1), ...succeed, arriveLate(0)]));

    it('of an offer that was given back', () =>
      play([
        hold(0, true),
        ask(),
        slowDisk('store', true),
        cut(0, { farm: true, worker: true }),
        ...succeed,
        arriveLate(0),
      ]));

    it('of a build that was taken over', () =>
      play([
        ask(),
        slowDisk('store', true),
        cut(0, { farm: true, worker: true }),
        advance(5_000),
        write('store', 3),
        ...succeed,
        cut(0, { farm: true, worker: true }),
        advance(5_000),
        arriveLate(0),
      ]));

    it('of a build that was given up', () =>
      play([
        ask(),
        killAgent(0, false),
        advance(152_000),
        slowDisk('store', true),
        advance(5_000),
        write('store', 1),
        ...succeed,
        advance(160_000),
        arriveLate(0),
      ]));
  });
});
