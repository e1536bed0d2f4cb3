import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { ApiEvent } from '@weir/protocol';
import { eventSchema } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ReceivedEvent } from '../../../../test/support/server-sent-events.ts';
import { EventReader } from '../../../../test/support/server-sent-events.ts';
import { recordEvents } from '../../src/store/events.ts';
import { start, startSmallFarm } from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

describe('the event stream', () => {
  let farm: SmallFarm;

  beforeEach(async () => {
    farm = await startSmallFarm();
    await dropAll();
  });
  afterEach(() => farm?.[Symbol.asyncDispose]());

  const open = (query = '', headers?: Record<string, string>) =>
    EventReader.open(`${farm.url}/api/v1/events${query}`, headers);

  /** Events with a gap-free number of their own in the data. */
  async function write(from: number, to: number, padding = ''): Promise<void> {
    const events = Array.from({ length: to - from + 1 }, (_, at) => ({
      at: start,
      kind: 'test.written',
      actor: 'engine',
      subject: 'farm',
      data: { n: from + at, padding },
    }));
    await farm.store.unit((db) => recordEvents(db, events));
  }

  async function dropAll(): Promise<void> {
    await farm.store.unit(async (db) => {
      await db.deleteFrom('event').execute();
    });
  }

  const numbersOf = (events: readonly { data: string }[]) =>
    events.map((event) => (JSON.parse(event.data) as ApiEvent).data['n']);

  it('begins with what happens from now on', async () => {
    await write(1, 3);
    await using reader = await open();

    await write(4, 5);

    const events = await reader.take(2);
    assert.deepEqual(numbersOf(events), [4, 5]);
    const [first] = events;
    assert.equal(eventSchema.parse(JSON.parse(first?.data ?? '')).number, Number(first?.id));
    assert.equal(reader.response.headers.get('content-type'), 'text/event-stream');
    assert.equal(reader.response.headers.get('x-accel-buffering'), 'no');
  });

  it('goes on behind any event, without a gap or a repeat', async () => {
    await write(1, 700);
    const last = await farm.store.read
      .selectFrom('event')
      .select((eb) => eb.fn.max('number').as('number'))
      .executeTakeFirstOrThrow();
    const first = last.number - 699;

    for (const seen of [0, 1, 350, 699]) {
      await using reader = await open('', { 'last-event-id': String(first - 1 + seen) });
      const events = await reader.take(700 - seen);
      assert.deepEqual(
        numbersOf(events),
        Array.from({ length: 700 - seen }, (_, at) => seen + at + 1),
      );
    }
  });

  it('loses nothing that is written while a reader catches up', async () => {
    await write(1, 1_000);
    await using reader = await open('?after=0');
    const written = (async () => {
      for (let n = 1_001; n <= 1_500; n += 10) await write(n, n + 9);
    })();

    const events = await reader.take(1_500);

    await written;
    assert.deepEqual(
      numbersOf(events),
      Array.from({ length: 1_500 }, (_, at) => at + 1),
    );
  });

  it('says reset when the events asked for are dropped, and goes on with new ones', async () => {
    await write(1, 10);
    await farm.store.unit(async (db) => {
      await db.deleteFrom('event').where('number', '<=', 5).execute();
    });

    await using reader = await open('?after=3');
    const reset = await reader.next();
    await write(11, 11);

    assert.equal(reset?.event, 'reset');
    assert.equal(reset?.id, '10');
    assert.deepEqual(JSON.parse(reset?.data ?? ''), { event: 10 });
    assert.deepEqual(numbersOf(await reader.take(1)), [11]);
  });

  it('says reset to who has seen more than there is', async () => {
    await write(1, 3);

    await using reader = await open('?after=1000');

    assert.equal((await reader.next())?.event, 'reset');
  });

  it('needs no reset at the edge of what is kept', async () => {
    await write(1, 10);
    await farm.store.unit(async (db) => {
      await db.deleteFrom('event').where('number', '<=', 5).execute();
    });

    await using reader = await open('?after=5');

    assert.deepEqual(numbersOf(await reader.take(5)), [6, 7, 8, 9, 10]);
  });

  it('finds what a lost wake-up missed', async () => {
    await using reader = await open();
    farm.store.onCommit = () => {};

    await write(1, 1);

    assert.deepEqual(numbersOf(await reader.take(1)), [1]);
  });

  it('holds nothing back for a reader that takes nothing, and others go on', async () => {
    const { hostname, port } = new URL(farm.url);
    const stuck = connect(Number(port), hostname);
    stuck.pause();
    stuck.write(`GET /api/v1/events?after=0 HTTP/1.1\r\nhost: x\r\n\r\n`);
    await using reader = await open('?after=0');

    const padding = 'x'.repeat(10_000);
    for (let n = 1; n <= 2_000; n += 100) await write(n, n + 99, padding);

    assert.equal((await reader.take(2_000)).length, 2_000);
    stuck.destroy();
  });

  it('says reset to a slow reader that retention overtook, and leaves no gap unsaid', async () => {
    await using slow = await open('?after=0');
    await using fast = await open('?after=0');
    const padding = 'x'.repeat(8_000);
    for (let n = 1; n <= 4_000; n += 100) await write(n, n + 99, padding);
    await fast.take(4_000);
    await farm.store.unit(async (db) => {
      await db.deleteFrom('event').where('number', '<', 3_990).execute();
    });

    const seen: ReceivedEvent[] = [];
    let event = await slow.next();
    for (; event?.event === 'message'; event = await slow.next()) seen.push(event);

    assert.equal(event?.event, 'reset');
    assert.equal(event?.id, '4000');
    assert.ok(seen.length < 4_000);
    assert.deepEqual(
      numbersOf(seen),
      seen.map((_, at) => at + 1),
    );
  });

  it('ends when the farm stops', async () => {
    await using reader = await open();

    await farm.web[Symbol.asyncDispose]();

    assert.equal(await reader.next(), undefined);
  });
});
