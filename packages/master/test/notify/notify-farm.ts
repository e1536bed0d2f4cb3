import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { buildersOf } from '@weir/model';
import type { Farm } from '@weir/model';
import type { Moved } from '@weir/protocol';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { readLogFiles } from '../../src/builds/logs/log-files.ts';
import { ObjectFiles } from '../../src/builds/objects/object-files.ts';
import type { Clock } from '../../src/clock.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import type { Notifier } from '../../src/notify/notifier.ts';
import { startNotifier } from '../../src/notify/notifier.ts';
import type { NoticeCommand } from '../../src/notify/run-notice-command.ts';
import { runNoticeCommand } from '../../src/notify/run-notice-command.ts';
import {
  closeIfOver,
  closeMember,
  describeBreakage,
  insertBreakage,
  putMember,
} from '../../src/store/breakages.ts';
import { builderByName, syncBuilders } from '../../src/store/builders.ts';
import type { DeliveryRow } from '../../src/store/deliveries.ts';
import { recordEvents } from '../../src/store/events.ts';
import { insertRequest } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';

/** The trunk's commits of every breakage here. */
const red = 'b'.repeat(40);
const green = 'a'.repeat(40);

/** Two projects, `json` and `yaml`, on the trunk `lua/main` (`yaml` on `lua/next` too), each with somebody who follows it. */
export function farmText(notify: string): string {
  return `
farm: Test farm
platforms: {here: [linux]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {main: {notify: [lua@example.test]}, next: {}}
    steps: [{build: make}]
projects:
  json: {trunks: [lua/main], notify: [json@example.test], steps: [{test: lua test.lua}]}
  yaml: {trunks: [lua/main, lua/next], notify: [yaml@example.test], steps: [{test: lua test.lua}]}
notify: ${notify}
`;
}

interface Context {
  readonly store: Store;
  readonly farm: () => Farm;
  readonly now: Clock;
}

/** A store and its notifier, with breakages written as the blame rules write them. */
export class NotifyFarm implements AsyncDisposable {
  readonly dir: string;
  readonly store: Store;
  readonly notifier: Notifier;

  readonly #context: Context;

  private constructor(dir: string, notifier: Notifier, context: Context) {
    this.dir = dir;
    this.store = context.store;
    this.notifier = notifier;
    this.#context = context;
  }

  /** What a person asks, as the engine does it. */
  async command(actor: string, command: NoticeCommand): Promise<void> {
    await runNoticeCommand(this.#context, actor, command);
    this.notifier.deliver();
  }

  /** @param notify what stands in that section of the farm file, in YAML's short form */
  static async start(notify: string, now: () => number = () => Date.now()): Promise<NotifyFarm> {
    const reading = readFarmText(farmText(notify), 'farm.yaml');
    if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
    const { farm } = reading;
    const dir = await mkdtemp(join(tmpdir(), 'weir-notify-'));
    const store = await openTestStore(join(dir, 'weir.sqlite'));
    await store.unit((db) => syncBuilders(db, buildersOf(farm)));
    const notifier = await startNotifier({
      store,
      logs: readLogFiles(join(dir, 'logs')),
      farm: () => farm,
      dataDir: dir,
      objects: new ObjectFiles(join(dir, 'objects')),
      url: () => 'http://weir.test',
      now,
      log: { info: () => {}, warn: () => {} },
      heartbeat: () => {},
      waitMs: () => 1,
    });
    store.onCommit = () => notifier.wake();
    return new NotifyFarm(dir, notifier, { store, farm: () => farm, now });
  }

  /** A builder broke: it opens a breakage, or joins one. The breakage's id. */
  async breaks(
    builder: string,
    { moved = 'upstream', joins }: { moved?: Moved; joins?: number } = {},
  ): Promise<number> {
    return this.store.unit(async (db) => {
      const at = Date.now();
      const row = await builderByName(db, builder);
      if (row === undefined) throw new Error(`no builder ${builder}`);
      const id = joins ?? (await insertBreakage(db, { trunk: 'lua/main', at }));
      await putMember(db, {
        breakage_id: id,
        builder_id: row.id,
        green_build_id: 1,
        red_build_id: 2,
        confirm_build_id: 3,
        upstream_green: green,
        upstream_green_position: 1,
        upstream_red: red,
        upstream_red_position: 2,
        step: 'test',
        opened_at: at,
      });
      await describeBreakage(db, id, { title: `${builder} (test)`, moved, project: null });
      const kind = joins === undefined ? 'breakage.opened' : 'breakage.grew';
      const event = { at, kind, actor: 'engine', subject: `breakage/${id}`, data: {} };
      await recordEvents(db, [event]);
      return id;
    });
  }

  /** Resolves when all that gathers was looked at once more: what comes behind it was told. */
  async isLookedAt(): Promise<void> {
    const subject = 'worker/nobody';
    const event = { at: Date.now(), kind: 'worker.missing', actor: 'engine', subject, data: {} };
    await this.store.unit((db) => recordEvents(db, [event]));
    await this.notices({ 'worker-missing': 'told' });
  }

  /** A build of the same commit waits, which may fail as well. The request's id. */
  async asks(builder: string): Promise<number> {
    const { id } = await this.store.unit(async (db) =>
      insertRequest(db, {
        builderId: (await builderByName(db, builder))?.id ?? 0,
        reason: 'trunk',
        reasonText: '',
        requestedBy: 'engine',
        upstreamCommit: red,
        upstreamPosition: 2,
        projectCommit: null,
        projectPosition: null,
        createdAt: 1,
      }),
    );
    return id;
  }

  async settles(request: number): Promise<void> {
    await this.store.unit((db) =>
      db.updateTable('request').set({ state: 'done' }).where('id', '=', request).execute(),
    );
  }

  /** The breakage is over. */
  async mends(id: number): Promise<void> {
    await this.store.unit(async (db) => {
      const at = Date.now();
      const members = await db
        .selectFrom('breakage_builder')
        .selectAll()
        .where('breakage_id', '=', id)
        .execute();
      for (const member of members) await closeMember(db, member, { build: 4, at });
      await closeIfOver(db, id, at);
      const event = { at, kind: 'breakage.closed', actor: 'engine', subject: `breakage/${id}` };
      await recordEvents(db, [{ ...event, data: {} }]);
    });
  }

  /** Resolves with all deliveries when they are so; fails through the test's own timeout. */
  async deliveries(
    isSo: (rows: readonly DeliveryRow[]) => boolean = (rows) =>
      rows.length > 0 && rows.every(({ state }) => state !== 'waiting'),
  ): Promise<DeliveryRow[]> {
    for (;;) {
      const rows = await this.store.read.selectFrom('delivery').selectAll().orderBy('id').execute();
      if (isSo(rows)) return rows;
      await setTimeout(5);
    }
  }

  /** Resolves when the notices are in these states, by kind. */
  async notices(wanted: Readonly<Record<string, string>>): Promise<void> {
    for (;;) {
      const rows = await this.store.read.selectFrom('notice').selectAll().execute();
      const states = new Map(rows.map(({ kind, state }) => [String(kind), state]));
      if (Object.entries(wanted).every(([kind, state]) => states.get(kind) === state)) return;
      await setTimeout(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.notifier.stop();
    await this.store[Symbol.asyncDispose]();
    await rm(this.dir, { recursive: true, force: true });
  }
}
