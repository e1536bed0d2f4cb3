import type { DatabaseSync } from 'node:sqlite';

/** More numbers than a farm gives out between a backup and its return. */
export const skippedNumbers = 1_000_000;

/**
 * Makes a copied store one that goes on beside what the farm did after the copy was made: all its
 * numbers (builds, requests, events ...) go on at the next million but one, and so do the epochs of
 * builds that run. So nothing that workers, mails or readers of the event log still hold from that
 * time can be taken for something that the restored farm does. That it was restored is an event:
 * readers find a gap before it, and begin anew.
 *
 * @param takenAt when the copy was made, milliseconds UTC
 */
export function renumber(db: DatabaseSync, { takenAt, at }: { takenAt: number; at: number }): void {
  db.exec('BEGIN IMMEDIATE');
  const tables = db.prepare(
    `select name from sqlite_master where type = 'table' and sql like '%autoincrement%'`,
  );
  const newest = db.prepare('select seq from sqlite_sequence where name = ?');
  const forget = db.prepare('delete from sqlite_sequence where name = ?');
  const begin = db.prepare('insert into sqlite_sequence (name, seq) values (?, ?)');
  for (const { name } of tables.all()) {
    const seq = Number(newest.get(String(name))?.['seq'] ?? 0);
    forget.run(String(name));
    begin.run(String(name), beginAfter(seq));
  }
  db.prepare(`update build set epoch = epoch + ? where state != 'finished'`).run(skippedNumbers);
  db.prepare(
    `insert into event (at, kind, actor, subject, data_json) values (?, 'farm.restored', 'engine', 'farm', ?)`,
  ).run(at, JSON.stringify({ takenAt }));
  db.exec('COMMIT');
}

/** A round number at least so far ahead; a number of JavaScript would be stored as a fraction. */
export function beginAfter(newest: number): bigint {
  return BigInt((Math.floor(newest / skippedNumbers) + 2) * skippedNumbers);
}
