import type { UnderWay } from '@weir/model';
import type { Kysely } from 'kysely';
import { isOpen } from './builds.ts';
import { isWaiting } from './requests.ts';
import type { Database } from './schema.ts';

/** What waits and what runs, by the builder's name. */
export async function underWayByBuilder(db: Kysely<Database>): Promise<Map<string, UnderWay>> {
  const underWay = new Map<string, UnderWay>();
  for (const table of ['request', 'build'] as const) {
    const rows = await db
      .selectFrom(table)
      .innerJoin('builder', 'builder.id', 'builder_id')
      .select((eb) => ['builder.name', eb.fn.countAll<number>().as('count')])
      .where(table === 'request' ? isWaiting : isOpen)
      .groupBy('builder.id')
      .execute();
    for (const { name, count } of rows) {
      const { waiting, running } = underWay.get(name) ?? { waiting: 0, running: 0 };
      underWay.set(
        name,
        table === 'request' ? { waiting: count, running } : { waiting, running: count },
      );
    }
  }
  return underWay;
}
