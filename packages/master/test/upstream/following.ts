import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Farm, Trunk } from '@weir/model';
import { openTestStore } from '../../../../test/support/test-store.ts';
import type { BranchRow } from '../../src/store/branches.ts';
import { branchByName } from '../../src/store/branches.ts';
import { eventsAfter } from '../../src/store/events.ts';
import type { Store } from '../../src/store/store.ts';
import type { Poller } from '../../src/upstream/poller.ts';
import { createPoller } from '../../src/upstream/poller.ts';
import { syncBranches } from '../../src/upstream/sync-branches.ts';
import { Origin, TemporaryFolder } from './origin.ts';

/** Upstream to its repository, and its trunks to their branches. */
export type Upstreams = Record<string, { repository: string; trunks: Record<string, string> }>;

/** A poller over a real store and real repositories. */
export class Following implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly store: Store;
  /** The SQL of all units. */
  readonly statements: string[];
  readonly remotes = new Map<string, string>();
  /** Branches that were reported to have changes, and what was logged. */
  readonly changed: string[] = [];
  readonly warnings: string[] = [];
  now = 1_000;
  #farm: Farm;
  #poller: Poller;

  private constructor(folder: TemporaryFolder, store: Store, statements: string[]) {
    this.#folder = folder;
    this.store = store;
    this.statements = statements;
    this.#farm = farmOf({}, this.remotes);
    this.#poller = this.#createPoller();
  }

  static async begin(): Promise<Following> {
    const statements: string[] = [];
    const folder = new TemporaryFolder();
    const onStatement = (sql: string) => void statements.push(sql);
    const store = await openTestStore(join(folder.path, 'weir.sqlite'), { onStatement });
    return new Following(folder, store, statements);
  }

  get dataDir(): string {
    return this.#folder.path;
  }

  get poller(): Poller {
    return this.#poller;
  }

  /** A repository that is served in place of its URL. */
  origin(name = 'lua'): Origin {
    const origin = new Origin(join(this.dataDir, `${name}.git`));
    this.remotes.set(`https://git.example/${name}`, origin.path);
    return origin;
  }

  /** Puts a farm file in force, as the engine does, and lets the first polls end. */
  async apply(upstreams: Upstreams = lua): Promise<void> {
    await this.sync(upstreams);
    this.#poller.start();
    for (const [name, { trunks }] of Object.entries(upstreams)) {
      for (const trunk of Object.keys(trunks)) await this.#poller.poll(`${name}/${trunk}`);
    }
  }

  /** Puts a farm file in force without telling the poller. */
  async sync(upstreams: Upstreams): Promise<void> {
    this.#farm = farmOf(upstreams, this.remotes);
    await this.store.unit((db) => syncBranches(db, this.#farm, this.now));
  }

  /** Ends the poller and starts another one, as if the engine were started again. */
  async restart(upstreams: Upstreams = lua): Promise<void> {
    await this.#poller.stop();
    this.#poller = this.#createPoller();
    await this.apply(upstreams);
  }

  async branch(name = 'lua/main'): Promise<BranchRow> {
    const row = await branchByName(this.store.read, name);
    if (row === undefined) throw new Error(`no branch ${name}`);
    return row;
  }

  /** The commits of a branch's changes, oldest first, by position. */
  async line(name = 'lua/main'): Promise<[number, string][]> {
    const rows = await this.store.read
      .selectFrom('change')
      .select(['position', 'commit_hash'])
      .where('branch_id', '=', (await this.branch(name)).id)
      .orderBy('position')
      .execute();
    return rows.map((row) => [row.position, row.commit_hash]);
  }

  /** Kinds of the events so far, those of changes with their position. */
  async events(): Promise<string[]> {
    const rows = await eventsAfter(this.store.read, 0, 10_000);
    return rows.map(({ kind, data_json }) => {
      const { position } = JSON.parse(data_json) as { position?: number };
      return position === undefined ? kind : `${kind} ${position}`;
    });
  }

  /** Runs what is given with a git that writes down what it is asked; answers with the commands. */
  async gitCommands(act: () => Promise<unknown>): Promise<string[]> {
    const bin = join(this.dataDir, 'bin');
    const log = join(this.dataDir, 'git.log');
    const path = process.env['PATH'] ?? '';
    mkdirSync(bin, { recursive: true });
    const script = `#!/bin/sh\necho "$*" >> '${log}'\nPATH='${path}' exec git "$@"\n`;
    writeFileSync(join(bin, 'git'), script, { mode: 0o755 });
    writeFileSync(log, '');
    process.env['PATH'] = `${bin}${delimiter}${path}`;
    try {
      await act();
    } finally {
      process.env['PATH'] = path;
    }
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    return lines.map((line) => line.replaceAll(/-c \S+ /g, '').split(' ')[0] ?? '').filter(Boolean);
  }

  hasFile(...path: string[]): boolean {
    return existsSync(join(this.dataDir, ...path));
  }

  #createPoller(): Poller {
    return createPoller({
      store: this.store,
      farm: () => this.#farm,
      dataDir: this.dataDir,
      now: () => this.now,
      hasRoom: () => true,
      onChanges: (branch) => this.changed.push(branch),
      log: { info: () => {}, warn: (message) => this.warnings.push(message) },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poller.stop();
    await this.store[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

export const lua: Upstreams = {
  lua: { repository: 'https://git.example/lua', trunks: { main: 'main' } },
};

function farmOf(upstreams: Upstreams, remotes: ReadonlyMap<string, string>): Farm {
  return {
    name: 'Test farm',
    publicUrl: null,
    introduction: null,
    workerUrl: null,
    platforms: new Map(),
    artifacts: 'trusted',
    upstreams: new Map(
      Object.entries(upstreams).map(([name, { repository, trunks }]) => [
        name,
        {
          name,
          repository,
          trunks: trunksOf(trunks),
          platforms: [],
          tier: 1,
          env: {},
          steps: [],
          maxParallel: null,
          schedule: [],
          tests: { mayVanishPercent: 10, maySkipPercent: 10 },
        },
      ]),
    ),
    projects: new Map(),
    notify: {} as Farm['notify'],
    limits: {} as Farm['limits'],
    retention: {} as Farm['retention'],
    remotes,
  };
}

function trunksOf(branches: Record<string, string>): Map<string, Trunk> {
  const times = { pollMs: 3_600_000, stableForMs: 0, maxWaitMs: 0 };
  const entries = Object.entries(branches);
  return new Map(entries.map(([name, branch]) => [name, { name, branch, ...times }]));
}
