import { isTaken } from '@weir/model';
import type { ApiTaken } from '@weir/protocol';
import { results } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';

const takenResults = results.filter(isTaken);

/** The tries at each of these requests that infrastructure took, oldest first, by request. */
export async function takenTries(
  db: Kysely<Database>,
  requests: readonly number[],
): Promise<Map<number, ApiTaken[]>> {
  if (requests.length === 0) return new Map();
  const rows = await db
    .selectFrom('build')
    .innerJoin('worker', 'worker.id', 'build.worker_id')
    .select([
      'build.id as build',
      'build.number',
      'build.request_id as request',
      'worker.name as worker',
      'build.result',
      'build.text',
    ])
    .where('build.request_id', 'in', requests)
    .where('build.result', 'in', takenResults)
    .execute();
  const taken = rows
    .flatMap(({ result, ...row }) => (result === null ? [] : [{ ...row, result }]))
    .toSorted((a, b) => a.build - b.build);
  return new Map(
    [...Map.groupBy(taken, ({ request }) => request)].map(([request, tries]) => [
      request,
      tries.map(({ build, number, worker, result, text }) => {
        return { build, number, worker, result, text };
      }),
    ]),
  );
}
