import { randomUUID } from 'node:crypto';
import { locks } from '../../../store/postgres/postgres-config.ts';
import { troubleOf } from '../../../store/trouble.ts';
import type { LogClient } from './log-connection.ts';
import { LogConnection } from './log-connection.ts';

/** Days whose partitions are made ahead: a farm goes on over a weekend in which nobody may make tables. */
const daysAhead = 3;
/** A day is whole in its chunks for so long after it is over: most of what began on it has ended. */
const daysKept = 1;
/** Whoever reads or writes logs waits behind who waits to drop a partition. */
const dropLockMs = 1_000;
/** Under which chunks of logs are kept that outlast their day's partition. */
export const restDay = '0001-01-01';

/**
 * The partitions of the chunks, one for each day on which logs began. They are made ahead, and dropped
 * whole once nothing in them is needed: what is packed needs its chunks no more, and the few logs that
 * never came to an end move to a partition for what is left.
 */
export class LogDays {
  readonly #url: string;
  readonly #known = new Map<string, Promise<void>>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Logs of this day can be written from here on. */
  async ensure(day: string): Promise<void> {
    if (day === restDay) return;
    const known = this.#known.get(day) ?? this.#make(day);
    this.#known.set(day, known);
    try {
      await known;
    } catch (error) {
      this.#known.delete(day);
      throw error;
    }
  }

  /** Makes those of the next days. @throws what the server says */
  async makeAhead(): Promise<void> {
    await using connection = new LogConnection(this.#url);
    const days = await connection.query<{ day: string; is_there: number }>(
      `select day::text as day,
         to_regclass('log_chunk_' || to_char(day, 'YYYYMMDD')) is not null as is_there
       from (select (now() at time zone 'utc')::date + n as day from generate_series(0, ${daysAhead}) n) d`,
    );
    for (const { day, is_there: isThere } of days) {
      if (isThere === 1) this.#known.set(day, Promise.resolve());
      else await this.ensure(day);
    }
  }

  /** Drops what is done with: whole days, and what is left of others. @throws what the server says */
  async dropPast(): Promise<void> {
    await using connection = new LogConnection(this.#url);
    const past = await connection.query<{ day: string }>(
      `select day::text as day from pg_inherits
       join pg_class on pg_class.oid = inhrelid,
       lateral (select to_date(substring(relname from '^log_chunk_([0-9]{8})$'), 'YYYYMMDD') as day) d
       where inhparent = 'log_chunk'::regclass and day < (now() at time zone 'utc')::date - ${daysKept}
       order by day`,
    );
    for (const { day } of past) await this.#settle(connection, day);
    await connection.query(
      `delete from log_chunk where day = '${restDay}' and log_id not in (
         select log_id from log_head where day = '${restDay}' and packed_bytes is null)`,
    );
  }

  async #make(day: string): Promise<void> {
    await using connection = new LogConnection(this.#url);
    const client = await connection.connect();
    const table = tableOf(day);
    const [found] = await client.send('select 1 where to_regclass($1) is not null', [table]);
    if (found !== undefined) return;
    // Attached, not made as a partition: nobody who reads or writes logs has to wait for that.
    await client.send(
      `begin; select pg_advisory_xact_lock(${locks.logDays});
       create table if not exists ${table} (like log_chunk including all)`,
    );
    const [attached] = await client.send(
      'select 1 from pg_inherits where inhrelid = to_regclass($1)',
      [table],
    );
    if (attached === undefined) {
      await client.send(
        `alter table log_chunk attach partition ${table}
         for values from ('${day}') to ('${dayAfter(day)}')`,
      );
    }
    await client.send('commit');
  }

  /** Drops a day's partition, unless a log of it waits to be packed. */
  async #settle(connection: LogConnection, day: string): Promise<void> {
    const open = await connection.query<{ log_id: number; is_finished: number }>(
      `select log_id, sha256 is not null as is_finished from log_head
       where day = $1 and packed_bytes is null order by log_id`,
      [day],
    );
    const client = await connection.connect();
    for (const { log_id: id, is_finished: isFinished } of open) {
      if (isFinished === 0) await inTransaction(client, () => moveToRest(client, id, day));
    }
    if (open.some(({ is_finished: isFinished }) => isFinished === 1)) return;
    try {
      await inTransaction(client, () => dropDay(client, day));
      this.#known.delete(day);
    } catch (error) {
      // Somebody reads it, or copies the database: another time.
      if (troubleOf(error) !== 'conflict') throw error;
    }
  }
}

async function moveToRest(client: LogClient, id: number, day: string): Promise<void> {
  // Whoever writes it now finds another stamp, and reads anew where it is.
  const [moved] = await client.send(
    `update log_head set day = '${restDay}', stamp = $3
     where log_id = $1 and day = $2 and sha256 is null returning 1`,
    [id, day, randomUUID()],
  );
  if (moved === undefined) return;
  await client.send(`update log_chunk set day = '${restDay}' where log_id = $1 and day = $2`, [
    id,
    day,
  ]);
}

async function dropDay(client: LogClient, day: string): Promise<void> {
  const [free] = await client.send<{ is_free: number }>(
    `set local lock_timeout = ${dropLockMs}; select pg_try_advisory_xact_lock(${locks.logDays}) as is_free`,
  );
  if (free?.is_free !== 1) return;
  const [needed] = await client.send(
    'select 1 from log_head where day = $1 and packed_bytes is null limit 1',
    [day],
  );
  if (needed === undefined) await client.send(`drop table if exists ${tableOf(day)}`);
}

async function inTransaction(client: LogClient, act: () => Promise<void>): Promise<void> {
  await client.send('begin');
  try {
    await act();
    await client.send('commit');
  } catch (error) {
    await client.send('rollback').catch(() => {});
    throw error;
  }
}

/** @param day as the server writes it, `2026-11-21` */
function tableOf(day: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new TypeError(`${day} is no day`);
  return `log_chunk_${day.replaceAll('-', '')}`;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}
