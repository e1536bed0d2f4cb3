import assert from 'node:assert/strict';
import type { WorkerNews } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { recordEvents } from '../../src/store/events.ts';
import { NotifyFarm } from './notify-farm.ts';

describe("a worker's owner", () => {
  let farm: NotifyFarm;
  beforeEach(async () => {
    farm = await NotifyFarm.start('{gather: 0s}');
  });
  afterEach(() => farm[Symbol.asyncDispose]());

  async function owned(owner: string): Promise<void> {
    await farm.store.unit((db) =>
      db
        .insertInto('worker')
        .values({
          name: 'w1',
          key: '',
          fingerprint: '',
          state: 'accepted',
          owner,
          trust: 'normal',
          labels_json: '[]',
          granted_json: '[]',
          slots: 1,
          agent: '',
          facts_json: '{}',
          online: 0,
          asked_at: 1,
          disk_full: 0,
        })
        .execute(),
    );
  }

  async function happens(...kinds: string[]): Promise<void> {
    await farm.store.unit((db) =>
      recordEvents(
        db,
        kinds.map((kind, index) => {
          const data = kind === 'worker.disagreed' ? { build: 7, builder: 'lua/main/here' } : {};
          return { at: index + 1, kind, actor: 'engine', subject: 'worker/w1', data };
        }),
      ),
    );
  }

  async function quarantined(at: number, ms: number): Promise<void> {
    const taken = { build: 7, builder: 'lua/main/here', number: 3, result: 'lost', text: 'gone' };
    const data = { until: at + ms, strikes: 8, builds: [taken] };
    const event = { at, kind: 'worker.quarantined', actor: 'engine', subject: 'worker/w1', data };
    await farm.store.unit((db) => recordEvents(db, [event]));
  }

  async function told(count: number): Promise<string[]> {
    const isSent = (rows: readonly { state: string }[]): boolean =>
      rows.length === count && rows.every(({ state }) => state === 'sent');
    await farm.deliveries(isSent);
    const rows = await farm.store.read
      .selectFrom('notice')
      .innerJoin('delivery', 'delivery.notice_id', 'notice.id')
      .select(['notice.headline', 'delivery.address', 'delivery.answers_message_id'])
      .orderBy('delivery.id')
      .execute();
    return rows.map(
      (row) => `${row.address}: ${row.answers_message_id === null ? '' : 're '}${row.headline}`,
    );
  }

  it('hears when it goes missing, and in one thread that it is back', async () => {
    await owned('ann@example.test');

    await happens('worker.missing', 'worker.back');

    assert.deepEqual(await told(2), [
      'ann@example.test: w1 is missing',
      'ann@example.test: re w1 is back',
    ]);
  });

  it('hears once a day of one that comes and goes', async () => {
    await owned('ann@example.test');

    await happens(
      'worker.missing',
      'worker.back',
      'worker.missing',
      'worker.back',
      'worker.accepted',
    );

    assert.deepEqual((await told(3)).slice(2), ['ann@example.test: w1 was accepted']);
  });

  it('hears that it fails what others pass, unless they unsubscribed', async () => {
    await owned('ann@example.test');
    await happens('worker.disagreed');
    await told(1);

    await farm.command('subscriber', { t: 'unsubscribe', subscriptions: [4] });
    await happens('worker.promoted');
    await farm.notices({ 'worker-promoted': 'told' });

    assert.deepEqual(await told(1), ['ann@example.test: w1 fails what others pass']);
  });

  it('hears once of a quarantine that grew long, and in one thread that it is over', async () => {
    await owned('ann@example.test');

    await quarantined(1, 600_000);
    await quarantined(600_001, 600_001);
    await quarantined(90_000_000, 3_600_000);
    await happens('worker.recovered', 'worker.recovered', 'worker.accepted');

    assert.deepEqual((await told(3)).slice(0, 2), [
      'ann@example.test: w1 is quarantined',
      'ann@example.test: re w1 builds again',
    ]);
    const { facts_json: facts } = await farm.store.read
      .selectFrom('notice')
      .select('facts_json')
      .where('kind', '=', 'worker-quarantined')
      .executeTakeFirstOrThrow();
    const { text, taken } = JSON.parse(facts ?? '') as WorkerNews;
    assert.match(text, /^8 times in a row .* again at 1970-01-01T00:20:00\.002Z\.$/);
    assert.deepEqual(
      taken?.map(({ build }) => build),
      [7],
    );
  });

  it('who left no mail address is nobody', async () => {
    await owned('Ann of the third floor');

    await happens('worker.missing');
    await farm.notices({ 'worker-missing': 'told' });

    assert.deepEqual(await told(0), []);
  });
});
