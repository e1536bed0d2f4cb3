import process from 'node:process';
import type { ChaosFarm } from './farm.ts';
import type { Master, Servers } from './masters.ts';
import type { Fault, FaultKind } from './plan.ts';
import type { Supervised } from './supervised.ts';
import type { ChaosWorker } from './worker.ts';

/** Ends a fault that lasts. */
export type EndFault = () => Promise<void> | void;
/** Begins a fault. Undefined when there was nothing to do it to. */
type Begin<Victim> = (
  victim: Victim,
  fault: Fault,
) => Promise<EndFault | undefined> | EndFault | undefined;

const atOnce: EndFault = () => {};

/** Begins a fault of the plan. Undefined when its victim was not there just now. */
export async function beginFault(farm: ChaosFarm, fault: Fault): Promise<EndFault | undefined> {
  const ofWorker = workerFaults[fault.kind];
  if (ofWorker !== undefined) return ofWorker(farm.worker(fault.victim), fault);
  const ofMaster = masterFaults[fault.kind];
  if (ofMaster !== undefined) return ofMaster(farm.master(fault.victim), fault);
  const ofServer = serverFaults[fault.kind];
  const { servers } = farm.masters;
  if (ofServer !== undefined) return servers && ofServer(servers, fault);
  return mailFaults[fault.kind]?.(farm, fault);
}

const masterFaults: Partial<Record<FaultKind, Begin<Master>>> = {
  'master killed': ({ process: master }) => killed(master),
  'master frozen': ({ process: master }) => frozen(master),
  'master disk full': async ({ disk }) => {
    await disk?.fill();
    return () => disk?.free();
  },
  'master clock jumped': ({ clock }, { chance }) => {
    clock?.set(jumpOf(chance));
    return () => clock?.set(0);
  },
  'web killed': ({ process: web }) => killed(web),
  'web frozen': ({ process: web }) => frozen(web),
};

const serverFaults: Partial<Record<FaultKind, Begin<Servers>>> = {
  'postgres killed': async ({ postgres }) => {
    await postgres.kill();
    return () => postgres.start();
  },
  'postgres frozen': ({ postgres }) => {
    postgres.pause();
    return () => postgres.resume();
  },
  'redis killed': async ({ redis }) => {
    await redis.kill();
    return () => redis.start();
  },
  'redis frozen': ({ redis }) => {
    redis.pause();
    return () => redis.resume();
  },
  'redis emptied': async ({ redis }) => {
    await redis.empty();
    return atOnce;
  },
};

const mailFaults: Partial<Record<FaultKind, Begin<ChaosFarm>>> = {
  'mail refused': ({ mailbox }) => {
    mailbox.behave('refuse');
    return () => mailbox.behave('take');
  },
  'mail cut': ({ mailbox }) => {
    mailbox.behave('cut');
    return () => mailbox.behave('take');
  },
};

const workerFaults: Partial<Record<FaultKind, Begin<ChaosWorker>>> = {
  'agent killed': ({ agent }) => killed(agent),
  'agent frozen': ({ agent }) => frozen(agent),
  'runner killed': (worker, { chance }) =>
    signalRunner(worker, chance, 'SIGKILL') === undefined ? undefined : atOnce,
  'runner frozen': (worker, { chance }) => {
    const pid = signalRunner(worker, chance, 'SIGSTOP');
    if (pid === undefined) return undefined;
    return () => {
      signal(pid, 'SIGCONT');
    };
  },
  'worker killed': async (worker) => {
    // All at once, as when the power fails.
    for (const pid of worker.runners()) if (pid !== undefined) signal(pid, 'SIGKILL');
    return killed(worker.agent);
  },
  'link cut': ({ line }) => {
    if (!line.isUsed) return undefined;
    line.cut();
    return atOnce;
  },
  'link garbled': ({ line }, { chance }) => {
    if (!line.isUsed) return undefined;
    line.garble(chance < 0.7 ? 'near' : 'far');
    return atOnce;
  },
  'link stalled': ({ line }) => {
    if (!line.isUsed) return undefined;
    line.stall();
    return () => line.resume();
  },
  'link half open': ({ line }, { chance }) => {
    if (!line.isUsed) return undefined;
    line.halfOpen(chance < 0.5 ? 'near' : 'far');
    return atOnce;
  },
  'link slow': ({ line }, { chance }) => {
    line.delay(50 + Math.round(chance * 1_500));
    return () => line.delay(0);
  },
  'line down': ({ line }) => {
    line.down();
    return () => line.up();
  },
  'worker disk full': async ({ disk }) => {
    await disk?.fill();
    return () => disk?.free();
  },
  'worker clock jumped': ({ clock }, { chance }) => {
    clock?.set(jumpOf(chance));
    return () => clock?.set(0);
  },
};

async function killed(victim: Supervised): Promise<EndFault | undefined> {
  if (!victim.isRunning) return undefined;
  await victim.kill();
  return () => victim.start();
}

function frozen(victim: Supervised): EndFault | undefined {
  if (!victim.isRunning) return undefined;
  victim.freeze();
  return () => victim.thaw();
}

/** The process that was found; undefined when that slot had none. */
function signalRunner(
  worker: ChaosWorker,
  chance: number,
  word: NodeJS.Signals,
): number | undefined {
  const runners = worker.runners();
  const pid = runners[Math.floor(chance * runners.length)];
  return pid !== undefined && signal(pid, word) ? pid : undefined;
}

/** False when there is no such process any more. */
function signal(pid: number, word: NodeJS.Signals): boolean {
  try {
    process.kill(pid, word);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Up to a month, back or forth; in seconds. Mostly hours. */
function jumpOf(chance: number): number {
  const hours = chance < 0.8 ? (chance - 0.4) * 60 : (chance - 0.9) * 10 * 720;
  return Math.round(hours * 3_600);
}
