import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { dropLog } from '../../../src/builds/logs/drop-log.ts';
import { readLogFiles } from '../../../src/builds/logs/log-files.ts';
import { packedPath } from '../../../src/builds/logs/paths.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import {
  endOf,
  keptOf,
  log,
  mebibyte,
  numberedLines,
  rangesOf,
  readAll,
  removeFolder,
  temporaryFolder,
  Writer,
} from './support.ts';

describe('the log packer', () => {
  let dir: string;
  let writer: Writer;
  let reader: LogReader;
  const printed = numberedLines(100_000);

  beforeEach(() => {
    dir = temporaryFolder();
    writer = new Writer(dir);
    reader = readLogFiles(dir);
  });
  afterEach(async () => {
    await writer.packer.close();
    writer.keeper.close();
    reader[Symbol.dispose]();
    removeFolder(dir);
  });

  const chunksOf = (id: number) => writer.keeper.transactions.file(log.file).rows.last(id);

  it('makes one object of a finished log, and drops its chunks', async () => {
    writer.startPacking();
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    await writer.packer.idle();

    assert.equal(chunksOf(log.id), undefined);
    assert.ok(statSync(packedPath(dir, log.id)).size < printed.length / 4);
    assert.deepEqual(await readAll(reader), printed);
    assert.deepEqual(writer.warnings, []);
  });

  it('leaves nothing of a log that was dropped meanwhile', async () => {
    writer.startPacking();
    for (let turns = 0; turns < 60; turns += 2) {
      const address = { ...log, id: 100 + turns };
      await writer.appendAll(0, printed, address);
      await writer.finish(endOf(printed), address);
      for (let turn = 0; turn < turns; turn++) await nextTurn();

      await dropLog(dir, writer.keeper, address);
      await writer.packer.idle();

      assert.equal(existsSync(packedPath(dir, address.id)), false, `after ${turns} turns`);
    }
  });

  it('makes what zstdcat can read', async function () {
    if (spawnSync('zstdcat', ['--version']).status !== 0) this.skip();
    writer.startPacking();
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    await writer.packer.idle();

    const { stdout } = spawnSync('zstdcat', [packedPath(dir, log.id)], { maxBuffer: 8 * mebibyte });
    assert.deepEqual(stdout, printed);
  });

  it('packs a cut log with its place of the cut', async () => {
    writer.capBytes = 300_000;
    writer.startPacking();
    await writer.appendAll(0, printed);
    const ranges = rangesOf(printed.length, writer.capBytes);
    await writer.finish(endOf(printed, ranges));
    await writer.packer.idle();

    assert.equal(chunksOf(log.id), undefined);
    const extent = await reader.extent(log);
    assert.deepEqual(extent.ranges, ranges);
    assert.equal(extent.printed, printed.length);
    assert.deepEqual(await readAll(reader), keptOf(printed, ranges));
  });

  it('tries again what it could not pack', async () => {
    const folder = dirname(packedPath(dir, log.id));
    mkdirSync(dirname(folder), { recursive: true });
    writeFileSync(folder, 'in the way');
    writer.startPacking();
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    await writer.packer.idle();

    assert.match(writer.warnings.join(), /log 7 was not packed, and is tried again: .*EEXIST/);
    rmSync(folder);
    while (chunksOf(log.id) !== undefined) await nextTurn();
    assert.deepEqual(await readAll(reader), printed);
  });

  it('tries nothing again once it is to end', async () => {
    const folder = dirname(packedPath(dir, log.id));
    mkdirSync(dirname(folder), { recursive: true });
    writeFileSync(folder, 'in the way');
    writer.startPacking();
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    writer.warned = () => void writer.packer.close().then(resolve);

    await closed;

    assert.equal(timers(), before, 'a timer would keep its thread from its end');
  });

  it('leaves a small log where it is', async () => {
    writer.startPacking();
    await writer.append(0, Buffer.from('small\n'));
    await writer.finish(endOf(Buffer.from('small\n')));
    await writer.packer.idle();

    assert.equal(existsSync(packedPath(dir, log.id)), false);
    assert.equal(String(await readAll(reader)), 'small\n');
  });

  it('packs what a process before it finished', async () => {
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));

    writer.startPacking();
    await writer.packer.idle();

    assert.equal(chunksOf(log.id), undefined);
    assert.deepEqual(await readAll(reader), printed);
  });

  it('goes on when it was stopped while it wrote the object', async () => {
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    const path = packedPath(dir, log.id);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, 'half of it');

    assert.deepEqual(await readAll(reader), printed);
    writer.startPacking();
    await writer.packer.idle();

    assert.equal(existsSync(`${path}.part`), false);
    assert.deepEqual(await readAll(reader), printed);
  });

  it('goes on when it was stopped while it dropped the chunks', async () => {
    writer.startPacking();
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    await writer.packer.idle();
    const other = { id: 263, file: log.file };
    writer.restart();
    await writer.appendAll(0, printed, other);
    await writer.finish(endOf(printed), other);
    copyFileSync(packedPath(dir, log.id), packedPath(dir, other.id));
    const { transactions } = writer.keeper;
    const half = printed.length / 2;
    await transactions.run(log.file, {
      run: ({ edits }) => edits.removeChunks(other.id, 0, half),
    });

    assert.deepEqual(await readAll(reader, other), printed);
    writer.startPacking();
    await writer.packer.idle();

    assert.equal(chunksOf(other.id), undefined);
    assert.deepEqual(await readAll(reader, other), printed);
  });

  it('keeps the chunks of a log that the disk has changed, and says so', async () => {
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    await writer.keeper.transactions.run(log.file, {
      run: ({ edits }) => edits.removeChunks(log.id, 65_536, 70_000),
    });

    writer.startPacking();
    await writer.packer.idle();

    assert.match(writer.warnings.join(), /log 7 has changed on the disk/);
    assert.equal(existsSync(packedPath(dir, log.id)), false);
    assert.notEqual(chunksOf(log.id), undefined);
  });

  it('lets a reader go on that began before the log was packed', async () => {
    await writer.appendAll(0, printed);
    await writer.finish(endOf(printed));
    const reading = reader.read(log);
    const pieces = [(await reading.next()).value ?? Buffer.of()];

    writer.startPacking();
    await writer.packer.idle();
    for await (const bytes of reading) pieces.push(bytes);

    assert.deepEqual(Buffer.concat(pieces), printed);
  });

  it('gives the disk back', async () => {
    const large = randomBytes(16 * mebibyte);
    await writer.appendAll(0, large);
    await writer.finish(endOf(large));
    writer.restart();
    const path = join(dir, `${log.file}.sqlite`);
    const before = statSync(path).size;

    writer.startPacking();
    await writer.packer.idle();
    writer.restart();

    assert.ok(before > large.length, `${before} bytes before`);
    assert.ok(statSync(path).size < 1 * mebibyte, `${statSync(path).size} bytes after`);
  });
});
