import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { LogEnd } from '../../packages/master/src/builds/log-sink.ts';
import { logFileOf } from '../../packages/master/src/builds/logs/log-file.ts';
import type { LogWriter } from '../../packages/master/src/builds/logs/log-writer.ts';
import { openLogWriter } from '../../packages/master/src/builds/logs/log-writer.ts';
import { acceptWorkers } from './accepted-workers.ts';

/** A change every ten minutes. */
const gapMs = 600_000;
const workers = 20;
const steps = ['compile', 'test', 'lint', 'install'];
/** As many logs a build as steps that print. */
const logsPerBuild = 3;
/** Older builds have lost their logs, as a farm's retention does. */
const buildsWithLogs = 50_000;
const logsAtOnce = 2_000;

/** What the logs say: about 600 bytes stored each, as the baseline's. */
const bodies = Array.from({ length: 64 }, (_, seed) => bodyOf(seed));

function bodyOf(seed: number): { bytes: Buffer; lines: number; sha256: string } {
  const words =
    'compile link test pass warning note in file include from object archive ok FAIL'.split(' ');
  const lines = Array.from({ length: 30 }, (_, line) => {
    const hash = createHash('sha1').update(`${seed} ${line}`).digest();
    return [...hash.subarray(0, 9)].map((byte) => words[byte % words.length]).join(' ');
  });
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  return { bytes, lines: lines.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export interface History {
  readonly builds: number;
  readonly changes: number;
  /** The newest build. */
  readonly newest: number;
}

/**
 * Fills the store of a farm that does not run with finished builds, straight into its tables: so many
 * changes, each of which built every builder, in order of time up to now; of each build four steps
 * and three logs; of every fifth builder one build in ten is red.
 */
export async function fillHistory(dataDir: string, changes: number): Promise<History> {
  const names = Array.from({ length: workers }, (_, n) => `w${n}`);
  const key = (name: string): string => createHash('sha256').update(name).digest('base64');
  await acceptWorkers(
    dataDir,
    names.map((name) => ({ name, key: key(name) })),
  );
  await using logs = await openLogWriter(join(dataDir, 'logs'));
  using rows = new Rows(join(dataDir, 'weir.sqlite'));
  const builders = rows.all('select id, name from builder where active = 1 order by place');
  const [branch] = rows.all(`select id from branch where kind = 'trunk'`);
  const branchId = Number(branch?.['id']);
  // The first change that the farm has seen becomes the newest.
  rows.run('update change set position = ? where branch_id = ?', changes, branchId);
  rows.run(
    'update branch set position = ?, scheduled_position = ? where id = ?',
    changes,
    changes,
    branchId,
  );
  const filler = new Filler(rows, logs, { branchId, changes, builders: builders.length });
  for (let position = 1; position <= changes; position++) {
    filler.change(position);
    for (const [place, builder] of builders.entries()) {
      const isRed = place % 5 === 0 && (position + place) % 10 === 0;
      filler.build({ id: Number(builder['id']), name: String(builder['name']) }, position, isRed);
    }
    if (filler.logsUnderWay >= logsAtOnce) await filler.logsStored();
  }
  await filler.logsStored();
  const number = rows.all('select max(number) as newest from build')[0]?.['newest'];
  rows.run(
    `update builder set next_number = ?, usual_ms = 90000, verdict = 'green', verdict_at = ?,
       last_build_id = (select max(id) from build where builder_id = builder.id),
       green_build_id = (select max(id) from build where builder_id = builder.id)`,
    Number(number) + 1,
    Date.now(),
  );
  return { builds: changes * builders.length, changes, newest: filler.newest };
}

interface Size {
  readonly branchId: number;
  readonly changes: number;
  readonly builders: number;
}

class Filler {
  readonly #rows: Rows;
  readonly #logs: LogWriter;
  readonly #size: Size;
  readonly #start: number;
  #stored: Promise<unknown>[] = [];
  /** The last id of a request and of a build, which are made together, and of a log. */
  newest: number;
  #log: number;

  constructor(rows: Rows, logs: LogWriter, size: Size) {
    this.#rows = rows;
    this.#logs = logs;
    this.#size = size;
    this.#start = Date.now() - (size.changes + 1) * gapMs;
    const last = (table: string): number =>
      Number(rows.all(`select coalesce(max(id), 0) as id from ${table}`)[0]?.['id']);
    this.newest = Math.max(last('request'), last('build'));
    this.#log = last('log');
  }

  get logsUnderWay(): number {
    return this.#stored.length;
  }

  async logsStored(): Promise<void> {
    await Promise.all(this.#stored);
    this.#stored = [];
  }

  /** The newest one is there. */
  change(position: number): void {
    if (position === this.#size.changes) return;
    const at = this.#start + position * gapMs;
    const person = `Dev ${position % 40}`;
    const email = `dev${position % 40}@example.org`;
    this.#rows.insert('change', {
      branch_id: this.#size.branchId,
      position,
      commit_hash: commitOf(position),
      parent_hash: commitOf(position - 1),
      author_name: person,
      author_email: email,
      authored_at: at,
      committer_name: person,
      committer_email: email,
      committed_at: at,
      seen_at: at,
      subject: `Change ${position}: fix the thing`,
      message: `Change ${position}: fix the thing\n\nlonger text`,
      files_json: '["src/thing.c"]',
    });
  }

  build(builder: { id: number; name: string }, position: number, isRed: boolean): void {
    const id = ++this.newest;
    const at = this.#start + position * gapMs;
    const end = at + 90_000;
    const result = isRed ? 'failure' : 'success';
    this.#rows.insert('request', {
      id,
      builder_id: builder.id,
      state: 'finished',
      reason: 'trunk',
      reason_text: 'the trunk was stable',
      requested_by: 'engine',
      upstream_commit: commitOf(position),
      upstream_position: position,
      created_at: at,
      attempts: 0,
      declined_json: '[]',
      result,
      finished_at: end,
    });
    this.#rows.insert('build', {
      id,
      builder_id: builder.id,
      number: position + 1,
      request_id: id,
      worker_id: (id % workers) + 1,
      state: 'finished',
      attempt: 1,
      epoch: 1,
      boot: 'boot',
      lease_until: end,
      journal_n: 14,
      result,
      findings_json: '[]',
      text: '',
      environment_json: '{"kernel":"6.1.0","cpu":"a processor","memory":"16 GiB"}',
      verdict_before: 'green',
      started_at: at,
      finished_at: end,
    });
    this.#steps(id, at, isRed);
    const about = { builder: builder.name, number: position + 1, request: id };
    this.#event(at, 'request.created', `request/${id}`, about);
    this.#event(at, 'build.started', `build/${id}`, { ...about, worker: `w${id % workers}` });
    this.#event(end, 'build.finished', `build/${id}`, { ...about, result, findings: [] });
  }

  #steps(build: number, at: number, isRed: boolean): void {
    const isKept =
      this.#size.changes * this.#size.builders - build < buildsWithLogs || build === this.newest;
    for (const [step, name] of steps.entries()) {
      const isLast = step === steps.length - 1;
      this.#rows.insert('step', {
        build_id: build,
        step,
        name,
        run: `make ${name}`,
        result: isRed && isLast ? 'failure' : 'success',
        findings_json: '[]',
        exit_code: isRed && isLast ? 1 : 0,
        text: '',
        started_at: at + step * 20_000,
        finished_at: at + (step + 1) * 20_000,
      });
      if (step < logsPerBuild) this.#addLog({ build, step, at, isKept });
    }
  }

  #addLog({
    build,
    step,
    at,
    isKept,
  }: {
    build: number;
    step: number;
    at: number;
    isKept: boolean;
  }) {
    const id = ++this.#log;
    const file = logFileOf(at);
    const { bytes, lines, sha256 } = bodies[id % bodies.length] ?? bodyOf(0);
    this.#rows.insert('log', {
      id,
      build_id: build,
      step,
      file,
      bytes: bytes.length,
      lines,
      ranges_json: JSON.stringify([[0, bytes.length]]),
      sha256,
      finished: 1,
      dropped_at: isKept ? null : at,
    });
    if (!isKept) return;
    const log = { id, file };
    const end: LogEnd = { bytes: bytes.length, ranges: [[0, bytes.length]], sha256 };
    const stored = this.#logs.append(log, 0, bytes, false).then(() => this.#logs.finish(log, end));
    this.#stored.push(stored);
  }

  #event(at: number, kind: string, subject: string, data: object): void {
    const event = { at, kind, actor: 'engine', subject, data_json: JSON.stringify(data) };
    this.#rows.insert('event', event);
  }
}

/** Rows straight into a database that nobody else has open, in one transaction. */
class Rows implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec('pragma synchronous = off; pragma cache_size = -200000; begin');
  }

  insert(table: string, row: Readonly<Record<string, SQLInputValue>>): void {
    let statement = this.#statements.get(table);
    if (statement === undefined) {
      const columns = Object.keys(row);
      const marks = columns.map(() => '?');
      const sql = `insert into ${table} (${columns.join()}) values (${marks.join()})`;
      this.#statements.set(table, (statement = this.#db.prepare(sql)));
    }
    statement.run(...Object.values(row));
  }

  run(sql: string, ...parameters: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...parameters);
  }

  all(sql: string): Record<string, unknown>[] {
    return this.#db.prepare(sql).all();
  }

  [Symbol.dispose](): void {
    this.#db.exec('commit');
    this.#db.close();
  }
}

function commitOf(position: number): string {
  return createHash('sha1').update(String(position)).digest('hex');
}
