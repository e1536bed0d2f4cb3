import pg from 'pg';
import { beginAfter, skippedNumbers } from '../backup/renumber.ts';
import { numberSequences } from './number-sequences.ts';
import { clientConfig } from './postgres-config.ts';

/** As `renumber`, for a database that was restored from a dump and that no engine has open. */
export async function renumberPostgres(url: string, at: number): Promise<{ takenAt: number }> {
  const client = new pg.Client(clientConfig(url));
  // Its queries say so, too; without a listener the process would end.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('begin');
    for (const { sequence } of await numberSequences(client)) {
      const { rows } = await client.query<{ last: number }>(
        `select last_value as last from ${sequence}`,
      );
      await client.query('select setval($1, $2)', [sequence, beginAfter(rows[0]?.last ?? 0)]);
    }
    await client.query(
      `update build set epoch = epoch + ${skippedNumbers} where state != 'finished'`,
    );
    const takenAt = await recordRestored(client, at);
    await client.query('commit');
    return { takenAt };
  } finally {
    // What is not committed goes with the connection.
    await client.end();
  }
}

/** When the newest event of the dump was written, milliseconds UTC. */
async function recordRestored(client: pg.Client, at: number): Promise<number> {
  const { rows } = await client.query<{ number: number; at: number }>(
    'select number, at from event order by number desc limit 1',
  );
  const takenAt = rows[0]?.at ?? at;
  const number = beginAfter(rows[0]?.number ?? 0) + 1n;
  await client.query('update event_counter set newest = $1', [number]);
  await client.query(
    `insert into event (number, at, kind, actor, subject, data_json)
     values ($1, $2, 'farm.restored', 'engine', 'farm', $3)`,
    [number, at, JSON.stringify({ takenAt })],
  );
  return takenAt;
}
