import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readLogFiles } from '../../../src/builds/logs/log-files.ts';
import type { LogWriter } from '../../../src/builds/logs/log-writer.ts';
import { openLogWriter } from '../../../src/builds/logs/log-writer.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { endOf, log, numberedLines, readAll, removeFolder, temporaryFolder } from './support.ts';

describe('the log writer thread', () => {
  let dir: string;
  let writer: LogWriter;
  let reader: LogReader;

  beforeEach(async () => {
    dir = temporaryFolder();
    writer = await openLogWriter(dir);
    reader = readLogFiles(dir);
  });
  afterEach(async () => {
    await writer[Symbol.asyncDispose]();
    reader[Symbol.dispose]();
    removeFolder(dir);
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
    await using small = await openLogWriter(join(dir, 'small'), { maxQueuedBytes: 100 });
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

  it('does not start in a folder that can not be', async () => {
    writeFileSync(join(dir, 'file'), '');

    await assert.rejects(openLogWriter(join(dir, 'file', 'logs')), { code: 'ENOTDIR' });
  });
});

describe('a killed log writer', () => {
  it('has kept all that it acknowledged, and goes on from there', async function () {
    this.timeout(60_000);
    const dir = temporaryFolder();
    const printed = numberedLines(200_000);
    let acknowledged = 0;
    const child = new URL('./sending-child.ts', import.meta.url);
    try {
      for (let kills = 0; kills < 4; kills++) {
        const sender = fork(child, [dir, String(acknowledged)], { stdio: 'inherit' });
        const goal = acknowledged + 200_000;
        for await (const [offset] of on(sender, 'message')) {
          acknowledged = Number(offset);
          if (acknowledged >= goal) break;
        }
        sender.kill('SIGKILL');
        await once(sender, 'exit');

        await using writer = await openLogWriter(dir);
        const position = await writer.position(log);
        assert.ok(position >= acknowledged, `${position} stored, ${acknowledged} acknowledged`);
        using reader = readLogFiles(dir);
        assert.deepEqual(await readAll(reader), printed.subarray(0, position));
        acknowledged = position;
      }

      await using writer = await openLogWriter(dir);
      await writer.append(log, acknowledged, printed.subarray(acknowledged), false);
      assert.deepEqual(await writer.finish(log, endOf(printed)), { t: 'kept', lines: 200_000 });
    } finally {
      removeFolder(dir);
    }
  });
});
