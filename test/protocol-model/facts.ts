import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import type { Result } from '@weir/protocol';

export interface BuildFact {
  readonly id: number;
  readonly request: number;
  readonly worker: string;
  readonly state: string;
  readonly epoch: number;
  readonly entries: number;
  readonly result: Result | null;
  readonly text: string;
  readonly cancelReason: string | null;
  readonly late: string | null;
}

export interface StepFact {
  readonly step: number;
  readonly started: number;
  readonly result: Result | null;
  readonly log: number;
  readonly file: string;
  readonly finished: number;
  readonly bytes: number | null;
}

export interface RequestFact {
  readonly id: number;
  readonly state: string;
  readonly result: Result | null;
  readonly attempts: number;
}

const buildColumns = `build.id, request_id as request, worker.name as worker, build.state, epoch,
  journal_n as entries, result, build.text, cancel_reason as cancelReason, late_json as late`;
const buildTables = 'build join worker on worker.id = build.worker_id';

/** What is committed, read behind the engine's back. */
export class Facts implements Disposable {
  readonly #db: DatabaseSync;
  readonly #logDir: string;
  readonly #logs = new Map<string, DatabaseSync>();
  readonly #statements = new Map<string, StatementSync>();

  constructor(storePath: string, logDir: string) {
    this.#db = new DatabaseSync(storePath, { readOnly: true, timeout: 5_000 });
    this.#logDir = logDir;
  }

  build(id: number): BuildFact | undefined {
    return this.#all<BuildFact>(
      `select ${buildColumns} from ${buildTables} where build.id = ?`,
      id,
    )[0];
  }

  builds(): BuildFact[] {
    return this.#all(`select ${buildColumns} from ${buildTables} order by build.id`);
  }

  requests(): RequestFact[] {
    return this.#all('select id, state, result, attempts from request order by id');
  }

  quarantined(): string[] {
    return this.#all<{ name: string }>(
      'select name from worker where quarantined_at is not null',
    ).map(({ name }) => name);
  }

  steps(build: number): StepFact[] {
    return this.#all(
      `select step.step, step.started_at is not null as started, step.result,
         log.id as log, log.file, log.finished, log.bytes
       from step join log on log.build_id = step.build_id and log.step = step.step
       where step.build_id = ? order by step.step`,
      build,
    );
  }

  events(): { number: number; kind: string; subject: string; data: string }[] {
    return this.#all('select number, kind, subject, data_json as data from event order by number');
  }

  eventNumbers(): { first: number; last: number; count: number } {
    const [row] = this.#all<{ first: number; last: number; count: number }>(
      'select min(number) as first, max(number) as last, count(*) as count from event',
    );
    return row ?? { first: 0, last: 0, count: 0 };
  }

  /** Up to where a log's bytes are stored. */
  logEnd(log: number, file: string): number {
    const db = this.#logFile(file);
    if (db === undefined) return 0;
    const finished = db.prepare('select bytes from finished where log_id = ?').get(log);
    if (finished !== undefined) return Number(finished['bytes']);
    const { end } = db
      .prepare(
        `select max(end) as end from (
           select max(offset + bytes) as end from chunk where log_id = :log
           union all select end from cut where log_id = :log)`,
      )
      .get({ log }) as { end: number | null };
    return end ?? 0;
  }

  #logFile(file: string): DatabaseSync | undefined {
    const known = this.#logs.get(file);
    if (known !== undefined) return known;
    const path = join(this.#logDir, `${file}.sqlite`);
    if (!existsSync(path)) return undefined;
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    this.#logs.set(file, db);
    return db;
  }

  #all<T>(sql: string, ...values: number[]): T[] {
    const known = this.#statements.get(sql);
    const statement = known ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement.all(...values) as T[];
  }

  /** The files of the logs are to be replaced. */
  closeLogs(): void {
    for (const db of this.#logs.values()) db.close();
    this.#logs.clear();
  }

  [Symbol.dispose](): void {
    this.#db.close();
    this.closeLogs();
  }
}
