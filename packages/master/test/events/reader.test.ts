import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import type { EventReaderOptions, LoggedEvent } from '../../src/events/reader.ts';
import { EventReader } from '../../src/events/reader.ts';
import { DiskFullError } from '../../src/store/disk-full.ts';
import { eventsAfter, recordEvents } from '../../src/store/events.ts';
import { readerCursor } from '../../src/store/readers.ts';
import { getSetting, putSetting } from '../../src/store/settings.ts';
import type { Store } from '../../src/store/store.ts';
import type { Unit } from '../../src/store/unit-queue.ts';

const quiet = { info: () => {}, warn: () => {} };

describe('a reader of the event log', () => {
  let dir: string;
  let store: Store;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-reader-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  /** A reader that appends the events of kind `a.b` to a setting, in the unit of its cursor. */
  function gathering(options: Partial<EventReaderOptions> = {}): {
    reader: EventReader;
    upTo: (subject: string) => Promise<void>;
  } {
    const { promise, resolve } = Promise.withResolvers<void>();
    let awaited = '';
    const reader = new EventReader({
      store,
      now: () => 1_000,
      log: quiet,
      name: 'test',
      concerns: ({ kind }) => kind === 'a.b',
      async handle(db, { subject }) {
        await putSetting(db, 'seen', `${(await getSetting(db, 'seen')) ?? ''}${subject} `);
        return () => {
          if (subject === awaited) resolve();
        };
      },
      ...options,
    });
    return {
      reader,
      upTo(subject) {
        awaited = subject;
        reader.wake();
        return promise;
      },
    };
  }

  const write = (...subjects: string[]): Promise<void> =>
    store.unit((db) =>
      recordEvents(
        db,
        subjects.map((subject) => ({
          at: 1,
          kind: subject.startsWith('x') ? 'x.y' : 'a.b',
          actor: 'test',
          subject,
          data: {},
        })),
      ),
    );
  const seen = () => getSetting(store.read, 'seen');

  it('begins with what comes after its first start, and goes on where it stopped', async () => {
    await write('before');
    const first = gathering();
    await first.reader.start();
    await write('one', 'x-other', 'two');
    await first.upTo('two');
    await first.reader.stop();
    await write('three');
    const second = gathering();
    await second.reader.start();
    await second.upTo('three');
    await second.reader.stop();
    assert.equal(await seen(), 'one two three ');
  });

  it('writes nothing of an event whose handler fails, tries it again, and passes it over at last', async () => {
    let tries = 0;
    const after = gathering();
    const failing = new EventReader({
      store,
      now: () => 1_000,
      log: quiet,
      name: 'test',
      sweepMs: 1,
      concerns: () => true,
      async handle(db, event: LoggedEvent) {
        if (event.subject !== 'bad') {
          await putSetting(db, 'seen', `${(await getSetting(db, 'seen')) ?? ''}${event.subject} `);
          return () => done.resolve();
        }
        tries += 1;
        await putSetting(db, 'seen', 'never');
        throw new Error('no');
      },
    });
    const done = Promise.withResolvers<void>();
    await failing.start();
    await write('bad', 'good');
    failing.wake();
    await done.promise;
    await failing.stop();
    assert.deepEqual({ tries, seen: await seen() }, { tries: 5, seen: 'good ' });
    const [, , passed] = await eventsAfter(store.read, 0, 10);
    assert.equal(passed?.kind, 'reader.passed-over');
    assert.deepEqual(JSON.parse(passed?.data_json ?? ''), { event: 1, error: 'Error: no' });
    const [row] = await store.read.selectFrom('reader').selectAll().execute();
    assert.deepEqual([row?.passed_over, row?.passed_event, row?.passed_at], [1, 1, 1_000]);
    await after.reader.start();
    await write('next');
    await after.upTo('next');
    await after.reader.stop();
    assert.equal(await seen(), 'good next ');
  });

  it('tries an event as often where its units are run twice, in the company of others', async () => {
    let failures = 0;
    const beside: Store = {
      ...store,
      async unit<T>(unit: Unit<T>): Promise<T> {
        const own = store.unit(unit);
        const others = store.unit((db) => putSetting(db, 'other', '1'));
        try {
          return await own;
        } catch (error) {
          failures += 1;
          throw error;
        } finally {
          await others;
        }
      },
    };
    const warned: string[] = [];
    const { promise: end, resolve } = Promise.withResolvers<void>();
    const { reader } = gathering({
      store: beside,
      sweepMs: 1,
      log: { ...quiet, warn: (text) => warned.push(text) },
      handle: async (_db, { subject }) => {
        if (subject === 'bad') throw new Error('no');
        return resolve;
      },
    });
    await reader.start();
    await write('bad', 'good');
    reader.wake();

    await end;

    await reader.stop();
    assert.equal(failures, 5);
    const passes = warned.filter((text) => text.includes('passes over'));
    assert.deepEqual(passes, ['the reader test passes over event 1: Error: no']);
  });

  it('leaves an event that it could not handle to the next start', async () => {
    const failed = Promise.withResolvers<void>();
    const first = gathering({
      async handle() {
        failed.resolve();
        throw new Error('no');
      },
    });
    await first.reader.start();
    await write('one');
    first.reader.wake();
    await failed.promise;
    await first.reader.stop();

    const second = gathering();
    await second.reader.start();
    await second.upTo('one');
    await second.reader.stop();

    assert.equal(await seen(), 'one ');
  });

  it('writes an event once where two readers of one name meet', async () => {
    const first = gathering();
    const second = gathering();
    await first.reader.start();
    await second.reader.start();
    await write('one');
    const [a, b] = [first.upTo('one'), second.upTo('one')];
    await Promise.race([a, b]);
    await Promise.all([first.reader.stop(), second.reader.stop()]);
    assert.equal(await seen(), 'one ');
  });

  it('does not begin far behind the newest event, though few concern it', async () => {
    const { reader, upTo } = gathering();
    await reader.start();
    await write(...Array.from({ length: 1_200 }, (_, index) => `x-${index}`));
    const moved = Promise.withResolvers<void>();
    store.onCommit = () => moved.resolve();
    reader.wake();
    await moved.promise;
    assert.ok(((await readerCursor(store.read, 'test')) ?? 0) >= 1_000);
    await write('one');
    await upTo('one');
    await reader.stop();
    assert.equal(await seen(), 'one ');
  });

  it('handles an event once, though what follows the commit fails', async () => {
    const warned = Promise.withResolvers<void>();
    const { reader, upTo } = gathering({
      sweepMs: 1,
      log: { info: () => {}, warn: () => warned.resolve() },
      async handle(db, { subject }) {
        await putSetting(db, 'seen', `${(await getSetting(db, 'seen')) ?? ''}${subject} `);
        return () => {
          if (subject === 'one') throw new Error('no');
          done.resolve();
        };
      },
    });
    const done = Promise.withResolvers<void>();
    await reader.start();
    await write('one', 'two');
    void upTo('two');
    await Promise.all([warned.promise, done.promise]);
    await reader.stop();
    assert.equal(await seen(), 'one two ');
  });

  it('finds by itself what no wake-up told it of', async () => {
    const handled = Promise.withResolvers<void>();
    const { reader } = gathering({ sweepMs: 1, handle: async () => () => handled.resolve() });
    await reader.start();

    await write('one');

    await handled.promise;
    await reader.stop();
  });

  it('goes on behind an event whose commit was not answered', async () => {
    let isCut = false;
    const cutting: Store = {
      ...store,
      async unit<T>(unit: Unit<T>): Promise<T> {
        const value = await store.unit(unit);
        if (!isCut) return value;
        isCut = false;
        throw new Error('nobody heard of the commit');
      },
    };
    const { reader, upTo } = gathering({ store: cutting, sweepMs: 1 });
    await reader.start();
    await write('one', 'two');
    isCut = true;

    await upTo('two');

    await reader.stop();
    assert.equal(await seen(), 'one two ');
  });

  it('gives up no event because the disk is full for long', async () => {
    let full = 0;
    const { reader, upTo } = gathering({
      sweepMs: 1,
      store: {
        ...store,
        unit<T>(unit: Unit<T>): Promise<T> {
          return store.unit(async (db) => {
            const value = await unit(db);
            if (value === undefined || full-- <= 0) return value;
            throw new DiskFullError();
          });
        },
      },
    });
    await reader.start();
    await write('one');
    full = 20;

    await upTo('one');

    await reader.stop();
    assert.equal(await seen(), 'one ');
  });
});
