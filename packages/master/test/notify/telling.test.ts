import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { parseMail } from '../../../../test/support/mail-server.ts';
import { addSubscription } from '../../src/store/subscriptions.ts';
import { NotifyFarm } from './notify-farm.ts';

const json = 'lua/main/json/here';
const yaml = 'lua/main/yaml/here';

describe('who is told of a breakage', () => {
  let farm: NotifyFarm;
  afterEach(() => farm[Symbol.asyncDispose]());

  /** Whom the outbox tells, as `KIND ADDRESS`. */
  async function told(count: number): Promise<string[]> {
    await farm.deliveries(
      (all) => all.length >= count && all.every((each) => each.state === 'sent'),
    );
    const rows = await farm.store.read
      .selectFrom('delivery')
      .innerJoin('notice', 'notice.id', 'delivery.notice_id')
      .select(['notice.kind', 'delivery.address'])
      .orderBy('delivery.id')
      .execute();
    return rows.map(({ kind, address }) => `${kind} ${address}`);
  }

  it('is who follows the project, and who follows the trunk whose change did it', async () => {
    farm = await NotifyFarm.start('{gather: 0s}');

    await farm.breaks(json);

    assert.deepEqual(await told(2), [
      'breakage-opened json@example.test',
      'breakage-opened lua@example.test',
    ]);
  });

  it('is not who follows the trunk when the project changed alone', async () => {
    farm = await NotifyFarm.start('{gather: 0s}');

    await farm.breaks(json, { moved: 'project' });

    assert.deepEqual(await told(1), ['breakage-opened json@example.test']);
  });

  it('is each once, also when the breakage grows; later ones are told then, and all hear the end', async () => {
    farm = await NotifyFarm.start('{gather: 0s, to: [lua@example.test]}');

    const id = await farm.breaks(json);
    await told(2);
    await farm.breaks(yaml, { joins: id });
    await told(3);
    await farm.mends(id);

    assert.deepEqual(await told(6), [
      'breakage-opened json@example.test',
      'breakage-opened lua@example.test',
      'breakage-grew yaml@example.test',
      'breakage-fixed json@example.test',
      'breakage-fixed lua@example.test',
      'breakage-fixed yaml@example.test',
    ]);
  });

  it('waits for what the same commit may break yet, so that it is one mail', async () => {
    let now = Date.now();
    farm = await NotifyFarm.start('{gather: 10m}', () => now);
    const id = await farm.breaks(json);
    // For a moment nothing waits: the run that is to confirm the next failure comes just after it.
    await farm.isLookedAt();
    const request = await farm.asks(yaml);
    await farm.breaks(yaml, { joins: id });
    await farm.notices({ 'breakage-opened': 'gathering' });
    await farm.settles(request);
    now += 5_000;

    assert.deepEqual(await told(3), [
      'breakage-opened json@example.test',
      'breakage-opened lua@example.test',
      'breakage-opened yaml@example.test',
    ]);
    // It holds the builder that came: no second one waits to say so.
    const notices = await farm.store.read.selectFrom('notice').selectAll().execute();
    assert.equal(notices.filter(({ about }) => about === `breakage/${id}`).length, 1);
  });

  it('is nobody when it was over before anyone was told', async () => {
    farm = await NotifyFarm.start('{gather: 10m}');

    await farm.asks(yaml);
    const id = await farm.breaks(json);
    await farm.notices({ 'breakage-opened': 'gathering' });
    await farm.mends(id);
    await farm.notices({ 'breakage-opened': 'dropped' });

    assert.deepEqual(await farm.deliveries(() => true), []);
  });

  it('is who asked to be told when it is fixed, then', async () => {
    farm = await NotifyFarm.start('{gather: 0s}');
    const id = await farm.breaks(json, { moved: 'project' });
    await told(1);
    const asked = { channel: 'mail', address: 'new@example.test' } as const;
    await farm.store.unit((db) =>
      addSubscription(db, { ...asked, scope: `breakage/${id}` }, { source: 'owner', at: 1 }),
    );

    await farm.mends(id);

    assert.deepEqual((await told(3)).slice(1), [
      'breakage-fixed json@example.test',
      'breakage-fixed new@example.test',
    ]);
  });

  it('is not who unsubscribed meanwhile', async () => {
    farm = await NotifyFarm.start('{gather: 0s}');
    const id = await farm.breaks(json);
    await told(2);
    const { id: subscription } = await farm.store.read
      .selectFrom('subscription')
      .select('id')
      .where('address', '=', 'json@example.test')
      .executeTakeFirstOrThrow();

    await farm.command('subscriber', { t: 'unsubscribe', subscriptions: [subscription] });
    await farm.mends(id);

    assert.deepEqual((await told(3)).slice(2), ['breakage-fixed lua@example.test']);
    // Neither does another breakage reach them, nor the farm file being read again.
    await farm.notifier.farmChanged();
    await farm.breaks(json, { moved: 'project' });
    await farm.notices({ 'breakage-opened': 'told' });
    assert.equal((await told(3)).length, 3);
  });

  it('gets a file where there is no mail server', async () => {
    farm = await NotifyFarm.start('{gather: 0s, from: Test farm <weir@example.test>}');

    await farm.breaks(json, { moved: 'project' });
    const [delivery] = await farm.deliveries();

    const dir = join(farm.dir, 'outbox');
    assert.deepEqual(await readdir(dir), [`${delivery?.id}.eml`]);
    const mail = parseMail('', await readFile(join(dir, `${delivery?.id}.eml`), 'utf8'));
    assert.equal(mail.header('to'), 'json@example.test');
    assert.equal(mail.header('message-id'), delivery?.message_id);
    assert.match(mail.text, /^lua\/main\/json\/here \(test\) broke by a change of its own/);
  });
});
