import process from 'node:process';
import { parseArgs } from 'node:util';
import type { OwnerAct } from '@weir/protocol';
import type { OwnerChange } from '../agent/agent-options.ts';
import type { WorkerConfig } from '../join/config.ts';
import { defaultDataDir, keyPath, readConfig, writeConfig } from '../join/config.ts';
import { JoinError } from '../join/find-farm.ts';
import { openWorkerKey } from '../link/worker-key.ts';
import type { ControlRequest } from './control.ts';
import { askAgent } from './control.ts';
import { FarmDoorError, askFarmAsOwner } from './farm-door.ts';

export const ownerUsage = `weir worker pause REASON | resume | slots N | leave   [--data DIR] [--json]

  pause REASON   take no builds; what runs goes on. Kept until 'resume', also over restarts
  resume         take builds again
  slots N        builds at once
  leave          finish what runs, end, and tell the farm that this machine does not come back

They work with the agent running or not; what you say here wins over the farm.
`;

const maxSlots = 256;
const maxReason = 500;

interface OwnerCommand {
  /** What the running agent is asked. */
  readonly ask: ControlRequest;
  /** What is kept when no agent runs. */
  readonly change: OwnerChange;
  /** What the farm is told then. */
  readonly tell: { readonly act: OwnerAct; readonly reason?: string; readonly slots?: number };
  readonly done: string;
}

/** `pause`, `resume`, `slots` and `leave`. Resolves with the exit status. @throws JoinError */
export async function runOwnerCommand(word: string, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: 'string' }, json: { type: 'boolean' } },
  });
  const command = commandOf(word, positionals);
  const dataDir = values.data ?? defaultDataDir();
  const config = readConfig(dataDir);
  const status = await askAgent(dataDir, command.ask);
  const notes: string[] = [];
  if (status === undefined) {
    const isTold = await tellFarm(dataDir, config, command, notes);
    const unsaid = 'paused' in command.change ? { isPauseUnsaid: !isTold } : {};
    writeConfig(dataDir, { ...config, ...command.change, ...unsaid });
  } else if (!status.isConnected) {
    notes.push('the farm is out of reach, and learns it later');
  }
  const text = [`${config.name}: ${command.done}`, ...notes].join('; ');
  const isRunning = status !== undefined;
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ name: config.name, isRunning, done: command.done, notes })}\n`
      : `${text}\n`,
  );
  return 0;
}

/** No agent runs: the farm is told from here. */
async function tellFarm(
  dataDir: string,
  config: WorkerConfig,
  { tell }: OwnerCommand,
  notes: string[],
): Promise<boolean> {
  notes.push('the agent does not run');
  // More slots or fewer are the next hello's matter.
  if (tell.act === 'slots') return true;
  try {
    await askFarmAsOwner(config, openWorkerKey(keyPath(dataDir)), tell);
    return true;
  } catch (error) {
    if (!(error instanceof FarmDoorError)) throw error;
    notes.push(`the farm was not told: ${error.message}`);
    return false;
  }
}

function commandOf(word: string, [text, ...rest]: readonly string[]): OwnerCommand {
  if (rest.length > 0) throw new JoinError(`'${rest[0]}' is too much: put the reason in quotes`);
  switch (word) {
    case 'pause': {
      const reason = text?.trim() ?? '';
      if (reason === '' || reason.length > maxReason) {
        throw new JoinError("pause takes a reason, for the worker's page: pause 'on holiday'");
      }
      const pause = { act: 'pause', reason } as const;
      const done = `takes no builds: ${reason}`;
      return { ask: pause, change: { paused: reason }, tell: pause, done };
    }
    case 'slots': {
      const slots = Number(text);
      if (!Number.isInteger(slots) || slots < 1 || slots > maxSlots) {
        throw new JoinError(`slots takes a whole number from 1 to ${maxSlots}`);
      }
      const ask = { act: 'slots', slots } as const;
      return { ask, change: { slots }, tell: ask, done: `slots ${slots}` };
    }
    case 'leave': {
      const leave = { act: 'leave' } as const;
      return { ask: leave, change: {}, tell: leave, done: 'finishes what runs, and leaves' };
    }
    default: {
      const resume = { act: 'resume' } as const;
      return { ask: resume, change: { paused: null }, tell: resume, done: 'takes builds' };
    }
  }
}
