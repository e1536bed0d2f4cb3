import fc from 'fast-check';
import type { AsyncCommand } from 'fast-check';
import type { ModelWorker } from './model-worker.ts';
import type { Direction, Wire } from './network.ts';
import type { World } from './world.ts';

/** One thing that happens to the farm. What may happen next is read off the real system itself. */
export type Happening = AsyncCommand<{ readonly world: World }, World, true>;

/** @param isPossible whether it can happen now; otherwise it is left out */
function happening(
  name: string,
  isPossible: (world: World) => boolean,
  happen: (world: World) => unknown,
): Happening {
  return {
    check: async ({ world }) => isPossible(world),
    async run(_model, world) {
      world.say(`--- ${name}`);
      await happen(world);
      await world.check();
    },
    toString: () => name,
  };
}

/** The one of them that a random number means; the same for the same run. */
function pick<T>(among: readonly T[], index: number): T | undefined {
  return among[index % Math.max(1, among.length)];
}

const text = (lines: number, isOpen: boolean, from: number): Buffer => {
  const all = Array.from({ length: lines }, (_, line) => `line ${line} of ${from}`).join('\n');
  return Buffer.from(isOpen ? all : `${all}\n`);
};

export const ask = (): Happening =>
  happening(
    'ask()',
    (world) => world.master !== undefined,
    (world) => world.force(),
  );

/** A step prints; over many lines its log is cut. */
export const print = (runner: number, lines: number, isOpen = false): Happening =>
  happening(
    `print(${runner}, ${lines}, ${isOpen})`,
    (world) => world.busyRunners().length > 0,
    (world) => pick(world.busyRunners(), runner)?.print(text(lines, isOpen, world.time.now)),
  );

export const endStep = (runner: number, result: 'success' | 'failure' = 'success'): Happening =>
  happening(
    `endStep(${runner}, '${result}')`,
    (world) => world.busyRunners().length > 0,
    (world) => pick(world.busyRunners(), runner)?.endStep(result),
  );

export const killRunner = (runner: number): Happening =>
  happening(
    `killRunner(${runner})`,
    (world) => world.runners().length > 0,
    (world) => pick(world.runners(), runner)?.kill(),
  );

export const freezeRunner = (runner: number): Happening =>
  happening(
    `freezeRunner(${runner})`,
    (world) => world.runners().length > 0,
    (world) => pick(world.runners(), runner)?.freeze(),
  );

export const thawRunners = (): Happening =>
  happening(
    'thawRunners()',
    (world) => world.runners().some(({ isFrozen }) => isFrozen),
    (world) => {
      for (const runner of world.runners()) runner.thaw();
    },
  );

/** A person cancels a build that is open. */
export const cancel = (build: number): Happening =>
  happening(
    `cancel(${build})`,
    (world) => world.master !== undefined && world.openBuilds().length > 0,
    (world) => {
      const id = pick(world.openBuilds(), build);
      return id === undefined ? undefined : world.command({ t: 'cancel', build: id, reason: 'no' });
    },
  );

export const killMaster = (units: number, logs: number): Happening =>
  happening(
    `killMaster(${units}, ${logs})`,
    (world) => world.master !== undefined,
    (world) => world.killMaster({ units, logs }),
  );

export const cutPower = (units: number): Happening =>
  happening(
    `cutPower(${units})`,
    (world) => world.master !== undefined,
    (world) => world.cutPower(units),
  );

export const startMaster = (): Happening =>
  happening(
    'startMaster()',
    (world) => world.master === undefined,
    (world) => world.startMaster(),
  );

export const killAgent = (worker: number, isSilent: boolean): Happening =>
  happening(
    `killAgent(${worker}, ${isSilent})`,
    (world) => world.workers.some(({ isRunning }) => isRunning),
    (world) => {
      const running = world.workers.filter(({ isRunning }) => isRunning);
      pick(running, worker)?.kill({ isSilent });
    },
  );

export const startAgents = (): Happening =>
  happening(
    'startAgents()',
    (world) => world.workers.some(({ isRunning }) => !isRunning),
    (world) => {
      for (const worker of world.workers) if (!worker.isRunning) worker.start();
    },
  );

export const resize = (worker: number, slots: number): Happening =>
  happening(
    `resize(${worker}, ${slots})`,
    (world) => world.workers.some(({ isRunning }) => isRunning),
    (world) => {
      const running = world.workers.filter(({ isRunning }) => isRunning);
      pick(running, worker)?.resize(slots);
    },
  );

export const slowDisk = (disk: 'store' | 'log', isSlow: boolean): Happening =>
  happening(
    `slowDisk('${disk}', ${isSlow})`,
    (world) => diskOf(world, disk).isSlow !== isSlow,
    (world) => (diskOf(world, disk).isSlow = isSlow),
  );

/** Some of the writes that wait on a slow disk come through. */
export const write = (disk: 'store' | 'log', count: number): Happening =>
  happening(
    `write('${disk}', ${count})`,
    (world) => diskOf(world, disk).waits > 0,
    (world) => diskOf(world, disk).pass(count),
  );

/** A unit commits before those that were asked for earlier: they run at once on a database server. */
export const overtake = (unit: number): Happening =>
  happening(
    `overtake(${unit})`,
    (world) => world.storeDisk.waits > 1,
    (world) => world.storeDisk.overtake(unit),
  );

/** A unit of an engine that is dead reaches the database server late: it must not find its row as it was. */
export const arriveLate = (unit: number): Happening =>
  happening(
    `arriveLate(${unit})`,
    (world) => world.storeDisk.orphans > 0,
    (world) => world.arriveLate(unit),
  );

function diskOf(world: World, disk: 'store' | 'log'): World['storeDisk'] {
  return disk === 'store' ? world.storeDisk : world.logDisk;
}

/** What is sent waits, until it is delivered by hand or let go. */
export const hold = (worker: number, isHeld: boolean): Happening =>
  onWire(
    `hold(${worker}, ${isHeld})`,
    worker,
    (wire) => wire.isHeld !== isHeld,
    (wire) => {
      wire.isHeld = isHeld;
    },
  );

export const deliver = (worker: number, direction: Direction, count: number): Happening =>
  onWire(
    `deliver(${worker}, '${direction}', ${count})`,
    worker,
    (wire) => wire.isHeld,
    async (wire, holder, world) => {
      for (let left = count; left > 0 && world.deliver(holder, wire, direction); left--) {
        await world.settle();
      }
    },
  );

/** The line is cut. Who is told finds out at once, the others by their heartbeats. */
export const cut = (worker: number, told: { farm: boolean; worker: boolean }): Happening =>
  onWire(
    `cut(${worker}, ${JSON.stringify(told)})`,
    worker,
    () => true,
    (wire) => wire.cut(told),
  );

/** From now on nothing arrives this way. */
export const halfOpen = (worker: number, direction: Direction): Happening =>
  onWire(
    `halfOpen(${worker}, '${direction}')`,
    worker,
    () => true,
    (wire) => wire.lose(direction),
  );

/** No correct TCP does so; the other end must close the link, or not mind. */
export const garble = (
  worker: number,
  direction: Direction,
  how: 'duplicate' | 'swap',
): Happening =>
  onWire(
    `garble(${worker}, '${direction}', '${how}')`,
    worker,
    () => true,
    (wire) => wire.garble(direction, how),
  );

export const advance = (ms: number): Happening =>
  happening(
    `advance(${ms})`,
    () => true,
    (world) => world.advance(ms),
  );

function onWire(
  name: string,
  index: number,
  isPossible: (wire: Wire) => boolean,
  act: (wire: Wire, worker: ModelWorker, world: World) => unknown,
): Happening {
  const wiresOf = (world: World): { wire: Wire; worker: ModelWorker }[] =>
    world.workers.flatMap((worker) =>
      worker.wires.flatMap((wire) => (isPossible(wire) ? [{ wire, worker }] : [])),
    );
  return happening(
    name,
    (world) => wiresOf(world).length > 0,
    (world) => {
      const found = pick(wiresOf(world), index);
      return found === undefined ? undefined : act(found.wire, found.worker, world);
    },
  );
}

const index = fc.nat({ max: 5 });
const direction = fc.constantFrom<Direction>('to farm', 'to worker');
const disk = fc.constantFrom<'store' | 'log'>('store', 'log');
const garbling = fc.constantFrom<'duplicate' | 'swap'>('duplicate', 'swap');

/** Happenings of all kinds, and how often they come. */
const weighted: readonly [number, fc.Arbitrary<Happening>][] = [
  [5, fc.constant(ask())],
  [3, fc.tuple(index, fc.integer({ min: 1, max: 20 }), fc.boolean()).map((of) => print(...of))],
  [2, fc.tuple(index, fc.constantFrom(500, 3_000, 20_000)).map((of) => print(...of))],
  [4, index.map((runner) => endStep(runner))],
  [1, index.map((runner) => endStep(runner, 'failure'))],
  [1, index.map((runner) => killRunner(runner))],
  [1, index.map((runner) => freezeRunner(runner))],
  [2, fc.constant(thawRunners())],
  [1, index.map((build) => cancel(build))],
  [2, fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })).map((of) => killMaster(...of))],
  [1, fc.nat({ max: 3 }).map((units) => cutPower(units))],
  [4, fc.constant(startMaster())],
  [2, fc.tuple(index, fc.boolean()).map((of) => killAgent(...of))],
  [3, fc.constant(startAgents())],
  [1, fc.tuple(index, fc.integer({ min: 1, max: 3 })).map((of) => resize(...of))],
  [2, fc.tuple(disk, fc.boolean()).map((of) => slowDisk(...of))],
  [4, fc.tuple(disk, fc.integer({ min: 1, max: 4 })).map((of) => write(...of))],
  [3, index.map((unit) => overtake(unit))],
  [3, index.map((unit) => arriveLate(unit))],
  [3, fc.tuple(index, fc.boolean()).map((of) => hold(...of))],
  [4, fc.tuple(index, direction, fc.integer({ min: 1, max: 6 })).map((of) => deliver(...of))],
  [
    2,
    fc
      .tuple(index, fc.record({ farm: fc.boolean(), worker: fc.boolean() }))
      .map((of) => cut(...of)),
  ],
  [1, fc.tuple(index, direction).map((of) => halfOpen(...of))],
  [2, fc.tuple(index, direction, garbling).map((of) => garble(...of))],
  [4, fc.constantFrom(60, 1_000, 5_000, 20_000).map(advance)],
  [1, fc.constantFrom(60_000, 200_000, 3_600_000).map(advance)],
];

export const happenings = weighted.flatMap(([times, one]) => Array<typeof one>(times).fill(one));
