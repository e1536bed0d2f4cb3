import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LogWriter } from '../../../src/builds/logs/log-writer.ts';
import { openLogWriter } from '../../../src/builds/logs/log-writer.ts';
import type { LogsPlace } from '../../../src/builds/logs/open-logs.ts';
import { openLogSink } from '../../../src/builds/logs/open-logs.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { onEachPlace } from './drivers.ts';
import { endOf, log, numberedLines, readAll, removeFolder, temporaryFolder } from './support.ts';
import { openReaderOf } from './test-tables.ts';

onEachPlace('the log writer thread', (begin) => {
  let place: LogsPlace;
  let writer: LogWriter;
  let reader: LogReader & AsyncDisposable;

  beforeEach(async () => {
    place = await begin();
    writer = await openLogSink(place);
    reader = await openReaderOf(place);
  });
  afterEach(async () => {
    await writer[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    removeFolder(place.dir);
  });

  async function send(printed: Uint8Array, frameBytes: number): Promise<void> {
    const answers: Promise<unknown>[] = [];
    for (let at = 0; at < printed.length; at += frameBytes) {
      answers.push(writer.append(log, at, printed.slice(at, at + frameBytes), false));
      if (answers.length >= 16) await answers.shift();
    }
    await Promise.all(answers);
  }

  const contents: [string, () => Buffer][] = [
    ['10 MB of random bytes', () => randomBytes(10_000_000)],
    ['1,000,000 lines', () => numberedLines(1_000_000)],
    ['one line of 50 MB', () => Buffer.alloc(50_000_000, 'x')],
  ];
  for (const [what, make] of contents) {
    it(`keeps ${what}, byte for byte`, async () => {
      const printed = make();

      await send(printed, 65_536);
      const answer = await writer.finish(log, endOf(printed));

      assert.equal(answer.t, 'kept');
      const hash = createHash('sha256')
        .update(await readAll(reader))
        .digest('hex');
      assert.equal(hash, endOf(printed).sha256);
    });
  }

  it('answers calls for one log in the order in which they were made', async () => {
    const printed = numberedLines(1_000);
    const calls = [
      writer.append(log, 0, Uint8Array.from(printed.subarray(0, 500)), false),
      writer.append(log, 500, Uint8Array.from(printed.subarray(500)), false),
      writer.position(log),
      writer.finish(log, endOf(printed)),
    ];

    assert.deepEqual(await Promise.all(calls), [
      { t: 'stored', offset: 500 },
      { t: 'stored', offset: printed.length },
      printed.length,
      { t: 'kept', lines: 1_000 },
    ]);
  });

  it('takes a view without its whole buffer, and leaves the buffer alone', async () => {
    const buffer = Buffer.from('0123456789');

    await writer.append(log, 0, buffer.subarray(2, 5), false);

    assert.equal(String(buffer), '0123456789');
    assert.equal(String(await readAll(reader)), '234');
  });

  it('refuses more than its queue holds, and takes it later', async () => {
    await using small = await openLogSink(place, { maxQueuedBytes: 100 });
    const first = small.append(log, 0, new Uint8Array(90), false);

    await assert.rejects(small.append(log, 90, new Uint8Array(20), false), {
      name: 'LogRefusedError',
      code: 'log-queue-full',
    });
    await first;
    assert.deepEqual(await small.append(log, 90, new Uint8Array(20), false), {
      t: 'stored',
      offset: 110,
    });
  });

  it('stores what waits when it is closed, and takes no more', async () => {
    const waiting = writer.append(log, 0, Buffer.from('abc'), false);
    await writer[Symbol.asyncDispose]();

    await waiting;
    assert.equal(String(await readAll(reader)), 'abc');
    await assert.rejects(writer.position(log), /closed/);
  });
});

describe('the log writer thread in files', () => {
  it('does not start in a folder that can not be', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'file'), '');

    await assert.rejects(openLogWriter(join(dir, 'file', 'logs')), { code: 'ENOTDIR' });
    removeFolder(dir);
  });
});

onEachPlace('a killed log writer', (begin) => {
  it('has kept all that it acknowledged, and goes on from there', async function () {
    this.timeout(60_000);
    const place = await begin();
    const printed = numberedLines(200_000);
    let acknowledged = 0;
    const child = new URL('./sending-child.ts', import.meta.url);
    try {
      for (let kills = 0; kills < 4; kills++) {
        const sender = fork(child, [JSON.stringify(place), String(acknowledged)], {
          stdio: 'inherit',
        });
        const goal = acknowledged + 200_000;
        for await (const [offset] of on(sender, 'message')) {
          acknowledged = Number(offset);
          if (acknowledged >= goal) break;
        }
        sender.kill('SIGKILL');
        await once(sender, 'exit');

        await using writer = await openLogSink(place);
        const position = await writer.position(log);
        assert.ok(position >= acknowledged, `${position} stored, ${acknowledged} acknowledged`);
        await using reader = await openReaderOf(place);
        assert.deepEqual(await readAll(reader), printed.subarray(0, position));
        acknowledged = position;
      }

      await using writer = await openLogSink(place);
      await writer.append(log, acknowledged, printed.subarray(acknowledged), false);
      assert.deepEqual(await writer.finish(log, endOf(printed)), { t: 'kept', lines: 200_000 });
    } finally {
      removeFolder(place.dir);
    }
  });
});
