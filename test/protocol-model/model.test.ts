import process from 'node:process';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import type { Happening } from './commands.ts';
import {
  advance,
  ask,
  endStep,
  freezeRunner,
  happenings,
  killAgent,
  killMaster,
  resize,
  slowDisk,
  startAgents,
  startMaster,
} from './commands.ts';
import type { Template } from './template.ts';
import { makeTemplate } from './template.ts';
import { World } from './world.ts';

/** `WEIR_MODEL_SEED` plays one seed again; `WEIR_MODEL_RUNS` plays for longer. */
const runs = Number(process.env['WEIR_MODEL_RUNS'] ?? 25);
const seed = Number(process.env['WEIR_MODEL_SEED'] ?? Date.now() % 0x7fffffff);

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

    it('with the build of a runner that is frozen when its agent comes back', () =>
      play([ask(), killAgent(0, false), freezeRunner(0), startAgents(), advance(60_000)]));

    it('with the build of a slot that is wanted no more when its agent comes back', () =>
      play([ask(), ask(), resize(0, 1), killAgent(0, false), endStep(0)]));
  });
});
