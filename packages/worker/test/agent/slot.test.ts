import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Slot } from '../../src/agent/slot.ts';
import type { Runner } from '../../src/runner/find-runner.ts';
import type { RunnerEvent, RunnerState } from '../../src/runner/messages.ts';
import { agentVersion } from '../../src/version.ts';

/** A runner that says what the test wants. */
class SaidRunner implements Runner {
  readonly said: string[] = [];
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  readonly say: (event: RunnerEvent) => void;

  constructor(say: (event: RunnerEvent) => void) {
    this.say = say;
  }

  run(): void {}
  cancel(): void {}
  abort(): void {}
  close(): void {}
  forget(): void {
    this.said.push('forget');
  }
  exit(): void {
    this.said.push('exit');
    this.#closed.resolve();
  }
}

const idle: RunnerState = {
  t: 'state',
  build: null,
  epoch: null,
  entries: 0,
  finished: false,
  version: agentVersion,
};
const old = { ...idle, version: '0.0.1' };

describe('the slot of an agent', () => {
  let dir: string;
  let runners: SaidRunner[];
  let warnings: string[];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-slot-'));
    runners = [];
    warnings = [];
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** A slot that finds these runners one after another; resolves once a change leaves it free. */
  function openSlot(...states: (RunnerState | RunnerState[])[]): {
    slot: Slot;
    free: Promise<void>;
  } {
    const free = Promise.withResolvers<void>();
    const slot: Slot = new Slot({
      dir,
      sandbox: 'none',
      remotes: {},
      farm: 'http://farm.test',
      findRunner: async (_, say) => {
        const runner = new SaidRunner(say);
        for (const state of [states[runners.length] ?? idle].flat()) say(state);
        runners.push(runner);
        return runner;
      },
      changed: () => {
        if (slot.isFree) free.resolve();
      },
      relink: () => {},
      say: (text) => warnings.push(text),
    });
    return { slot, free: free.promise };
  }

  it('takes the place of an idle runner of another version', async () => {
    const { slot, free } = openSlot(old, idle);

    await slot.open();
    await free;

    assert.deepEqual(
      runners.map(({ said }) => said),
      [['exit'], []],
    );
    assert.deepEqual(warnings, []);
    slot.close(false);
  });

  it('goes by the last of what a runner says at once', async () => {
    const running = { ...idle, build: 7, epoch: 1, entries: 3 };
    const { slot } = openSlot([running, { ...running, entries: 4, finished: true }]);

    await slot.open();

    assert.equal(slot.isFinished, true);
    slot.close(false);
  });

  it('lets a runner of another version end its build first', async () => {
    const { slot, free } = openSlot({ ...old, build: 7, epoch: 1, finished: true }, idle);
    await slot.open();
    const [first] = runners;

    slot.forget();
    assert.deepEqual(first?.said, ['forget']);
    first?.say(old);
    await free;

    assert.deepEqual(first?.said, ['forget', 'exit']);
    assert.equal(runners.length, 2);
    slot.close(false);
  });
});
