import { ownerAnswerSchema, ownerBytes, problemSchema } from '@weir/protocol';
import type { OwnerAct } from '@weir/protocol';
import type { WorkerConfig } from '../join/config.ts';
import { askFarm } from '../join/find-farm.ts';
import type { WorkerKey } from '../link/worker-key.ts';

export class FarmDoorError extends Error {
  override readonly name = 'FarmDoorError';
}

/**
 * Has the farm do what the worker's owner wants, proved by the worker's key: also while no agent
 * runs. Resolves with the address of the owner's page for the act `link`.
 *
 * @throws FarmDoorError when the farm can't be reached, is another one, or refuses
 */
export async function askFarmAsOwner(
  config: WorkerConfig,
  key: WorkerKey,
  wish: { act: OwnerAct; reason?: string; slots?: number },
): Promise<string | null> {
  const { act, reason = '', slots = 1 } = wish;
  const { farmKey, name } = config;
  const at = await farmTime(config);
  const signature = key.sign(ownerBytes(farmKey, name, { act, reason, slots, at }));
  const url = new URL(`/api/v1/workers/${encodeURIComponent(name)}/owner`, config.farm);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ act, reason, slots, at, signature }),
    signal: AbortSignal.timeout(20_000),
  }).catch((error: unknown) => {
    throw new FarmDoorError(`no farm answers at ${config.farm}`, { cause: error });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const problem = problemSchema.safeParse(answer);
    throw new FarmDoorError(
      problem.success ? problem.data.detail : `the farm answered ${response.status}`,
    );
  }
  const { path } = ownerAnswerSchema.parse(answer);
  return path === null ? null : new URL(path, config.farm).href;
}

/** By the farm's own clock: this machine's may be wrong. */
async function farmTime({ farm, farmKey }: WorkerConfig): Promise<number> {
  try {
    const { wellKnown, date } = await askFarm(new URL('/.well-known/weir', farm));
    if (wellKnown.fingerprint === farmKey) return date;
  } catch (error) {
    throw new FarmDoorError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
  throw new FarmDoorError(`${farm} is another farm than the one that this worker joined`);
}
