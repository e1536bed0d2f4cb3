import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../test/support/postgres-server.ts';
import { RedisServer } from '../../test/support/redis-server.ts';
import { createDatabase } from '../../test/support/test-store.ts';
import { HttpClient } from '../http-client.ts';
import { until } from '../measures.ts';
import { force, token } from './bench-farm.ts';
import { disposeOnSignals } from './dispose-on-signals.ts';
import { EngineProcess } from './engine-process.ts';
import { farmText, languageUrl, makeLanguage } from './farm-text.ts';

/** Requests are written over so many connections, else each would wait for the one before it. */
const connections = 8;

/** A throw-away farm of several engines: with a PostgreSQL and a Redis of its own, on this machine. */
export class EnginesFarm implements AsyncDisposable {
  readonly engines: EngineProcess[] = [];
  readonly #disposing = new AsyncDisposableStack();
  #db: pg.Client | undefined;

  private constructor() {
    this.#disposing.use(disposeOnSignals(this));
  }

  /** Starts it, and has its own first requests cancelled. */
  static async start(engines: number, projects: readonly string[]): Promise<EnginesFarm> {
    const farm = new EnginesFarm();
    try {
      await farm.#start(engines, projects);
      return farm;
    } catch (error) {
      await farm[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(engines: number, projects: readonly string[]): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
    this.#disposing.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
    await makeLanguage(join(dir, 'lang'));
    const farmPath = join(dir, 'farm.yaml');
    await writeFile(farmPath, farmText(Object.fromEntries(projects.map((name) => [name, 'true']))));
    const postgres = this.#disposing.use(await startPostgres());
    const redis = this.#disposing.use(await RedisServer.start());
    const database = await createDatabase(postgres.url('postgres'), 'bench');
    for (let n = 0; n < engines; n++) {
      const engine = await EngineProcess.spawn({
        name: `engine-${n}`,
        dir,
        args: ['--farm', farmPath, '--remote', `${languageUrl}=${join(dir, 'lang')}`],
        env: {
          WEIR_DATABASE_URL: database,
          WEIR_REDIS_URL: redis.url,
          WEIR_OBJECTS_URL: `file://${dir}/objects`,
        },
      });
      this.engines.push(this.#disposing.use(engine));
      // One after the other: the first one leads.
      await engine.isUp();
    }
    const db = new pg.Client({ connectionString: database });
    await db.connect();
    this.#disposing.defer(() => db.end());
    this.#db = db;
    await this.#cancelFirstRequests();
  }

  /** The first sight of the trunk asks for a build of everything: what is measured is asked for later. */
  async #cancelFirstRequests(): Promise<void> {
    const waiting = `select id from request where state = 'waiting'`;
    const rows = await until('the first requests', async () => {
      const found = await this.#rows(waiting);
      return found.length > 0 ? found : undefined;
    });
    for (const { id } of rows) {
      await this.engines[0]?.client.post(`/api/v1/requests/${Number(id)}/cancel`, {
        reason: 'bench',
      });
    }
  }

  /** Asks for so many builds over the API, of one project after the other and one engine after the other. */
  async force(requests: number, projects: readonly string[]): Promise<void> {
    const numbers = Array.from({ length: requests }, (_, n) => n).values();
    await Promise.all(
      Array.from({ length: connections }, async (_, place) => {
        const engine = this.engines[place % this.engines.length];
        using client = new HttpClient(engine?.url ?? '', token);
        for (const n of numbers) await force(client, projects[n % projects.length] ?? '');
      }),
    );
  }

  /** As the database has it. */
  async counts(): Promise<{ waiting: number; finished: number; notGreen: number }> {
    const [row] = await this.#rows(
      `select (select count(*) from request where state = 'waiting') as waiting,
        count(*) filter (where state = 'finished') as finished,
        count(*) filter (where state = 'finished' and result <> 'success') as not_green
        from build`,
    );
    return {
      waiting: Number(row?.['waiting']),
      finished: Number(row?.['finished']),
      notGreen: Number(row?.['not_green']),
    };
  }

  async #rows(sql: string): Promise<Record<string, unknown>[]> {
    const { rows } = (await this.#db?.query<Record<string, unknown>>(sql)) ?? { rows: [] };
    return rows;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposing.disposeAsync();
  }
}
