import process from 'node:process';
import { parseArgs } from 'node:util';
import { workerSchema } from '@weir/protocol';
import type { ApiWorker } from '@weir/protocol';
import type { WorkerConfig } from '../join/config.ts';
import { defaultDataDir, keyPath, readConfig } from '../join/config.ts';
import { openWorkerKey } from '../link/worker-key.ts';
import type { ControlStatus } from './control.ts';
import { askAgent } from './control.ts';
import { FarmDoorError, askFarmAsOwner } from './farm-door.ts';

export const statusUsage = `weir worker status [--data DIR] [--json]

Says how this worker is, by its own word and the farm's, and gives a link to its page on the farm
that lets you in as its owner: once, within ten minutes.
`;

/** `weir worker status`. Resolves with the exit status: 0 when the agent runs and is connected. */
export async function runStatus(args: string[]): Promise<number> {
  const options = { data: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args, options });
  const dataDir = values.data ?? defaultDataDir();
  const config = readConfig(dataDir);
  const key = openWorkerKey(keyPath(dataDir));
  const agent = await askAgent(dataDir, { act: 'status' });
  const farm = await askAboutWorker(config);
  const link = await askFarmAsOwner(config, key, { act: 'link' }).catch((error: unknown) => {
    if (error instanceof FarmDoorError) return null;
    throw error;
  });
  const about = { name: config.name, farm: config.farm, fingerprint: key.fingerprint };
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ ...about, agent: agent ?? null, atFarm: farm, ownerLink: link })}\n`
      : inWords({ ...about, config, agent, atFarm: farm, link }),
  );
  return agent?.isConnected === true ? 0 : 1;
}

/** What the farm's pages say of the worker; null when it can't be asked, or knows no such worker. */
async function askAboutWorker({ farm, name }: WorkerConfig): Promise<ApiWorker | null> {
  try {
    const url = new URL(`/api/v1/workers/${encodeURIComponent(name)}`, farm);
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return workerSchema.safeParse(await response.json()).data ?? null;
  } catch {
    return null;
  }
}

function inWords(status: {
  name: string;
  farm: string;
  fingerprint: string;
  config: WorkerConfig;
  agent: ControlStatus | undefined;
  atFarm: ApiWorker | null;
  link: string | null;
}): string {
  const { name, farm, fingerprint, config, agent, atFarm, link } = status;
  const paused = agent === undefined ? config.paused : agent.paused;
  const lines = [
    `worker       ${name}`,
    `farm         ${farm}`,
    `fingerprint  ${fingerprint}`,
    `agent        ${agent === undefined ? "does not run: 'run' starts it" : agent.words}`,
    `slots        ${agent === undefined ? config.slots : `${agent.busy} of ${agent.slots} busy`}`,
    `paused       ${paused ?? 'no'}`,
    `at the farm  ${atFarm === null ? 'not known, or the farm is out of reach' : stateText(atFarm)}`,
    `its page     ${link ?? 'no link: the farm is out of reach, or has not accepted this worker'}`,
  ];
  if (agent?.isLeaving === true) lines.push('It finishes what runs, and leaves.');
  return `${lines.join('\n')}\n`;
}

function stateText(worker: ApiWorker): string {
  const { state, online, trust, probation, paused, resting, quarantine } = worker;
  if (state !== 'accepted') return state;
  const words = [online ? 'online' : 'offline', `trust ${trust}`];
  if (probation !== null) words.push(`${probation.agreed} of ${probation.needed} builds agree`);
  if (paused !== null) words.push(`paused by ${paused.by}: ${paused.reason}`);
  if (online && resting !== null) words.push(`takes no builds: ${resting}`);
  if (quarantine !== null && quarantine.until !== null) {
    const until = new Date(quarantine.until).toISOString();
    words.push(`quarantined until ${until}: ${quarantine.reason}`);
  }
  return words.join(', ');
}
