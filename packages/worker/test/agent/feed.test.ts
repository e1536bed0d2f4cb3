import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maxInFlightBytes } from '@weir/protocol';
import type { JournalEntry, LogFrame, WorkerMessage } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Feed } from '../../src/agent/feed.ts';
import type { FeedLink } from '../../src/agent/feed.ts';
import { logDir, slotPaths } from '../../src/runner/paths.ts';
import { SpoolWriter } from '../../src/spool/writer.ts';

/** What goes over the link, in its order. */
type Sent = { readonly frame: LogFrame } | { readonly message: WorkerMessage };

class Recorder implements FeedLink {
  isFull = false;
  readonly sent: Sent[] = [];

  send(message: WorkerMessage): void {
    this.sent.push({ message });
  }

  sendLog(frame: LogFrame): void {
    this.sent.push({ frame: { ...frame, bytes: Uint8Array.from(frame.bytes) } });
  }

  get frames(): LogFrame[] {
    return this.sent.flatMap((sent) => ('frame' in sent ? [sent.frame] : []));
  }

  /** Journal entries by number and frames by step, in their order. */
  get order(): string[] {
    return this.sent.flatMap((sent) => {
      if ('frame' in sent) return [`log ${sent.frame.step}`];
      const { message } = sent;
      return message.t === 'journal' ? message.entries.map(({ n, t }) => `${n} ${t}`) : [];
    });
  }
}

const started = (n: number, step: number): JournalEntry => ({ t: 'step-started', n, at: 0, step });
const finished = (n: number, step: number, bytes: number): JournalEntry => ({
  t: 'log-finished',
  n,
  at: 0,
  step,
  bytes,
  ranges: [[0, bytes]],
  sha256: '0'.repeat(64),
});

describe('the feed of a build', () => {
  let slot: string;
  let link: Recorder;
  let feed: Feed;

  beforeEach(() => {
    slot = mkdtempSync(join(tmpdir(), 'weir-feed-'));
    mkdirSync(slotPaths(slot).build, { recursive: true });
    link = new Recorder();
    feed = new Feed(7, 1, slot, () => {});
  });
  afterEach(() => {
    feed.detach();
    rmSync(slot, { recursive: true });
  });

  async function build(logs: readonly Buffer[]): Promise<number> {
    const entries: JournalEntry[] = [];
    for (const [step, bytes] of logs.entries()) {
      entries.push(started(entries.length + 1, step));
      const writer = new SpoolWriter(logDir(slot, step), 64 * 1024 * 1024);
      writer.append(bytes);
      await writer.finish();
      entries.push(finished(entries.length + 1, step, bytes.length));
    }
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
    writeFileSync(slotPaths(slot).journal, lines.join(''));
    return entries.length;
  }

  it('sends each log between its start and its end', async () => {
    const entries = await build([Buffer.from('one\n'), Buffer.from('two')]);

    feed.attach(link, { epoch: 1, entries: 0, logs: [] });
    feed.wrote(entries);

    assert.deepEqual(link.order, [
      '1 step-started',
      'log 0',
      '2 log-finished',
      '3 step-started',
      'log 1',
      '4 log-finished',
    ]);
    assert.equal(Buffer.from(link.frames[1]?.bytes ?? []).toString(), 'two');
  });

  it('has no more bytes on their way than the window holds', async () => {
    const entries = await build([Buffer.alloc(3 * maxInFlightBytes, 'x')]);
    feed.attach(link, { epoch: 1, entries: 0, logs: [] });
    feed.wrote(entries);
    const sent = () => link.frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.equal(sent(), maxInFlightBytes);

    feed.stored({ log: { step: 0, offset: 100_000 } });

    assert.ok(sent() > maxInFlightBytes && sent() <= maxInFlightBytes + 100_000 + 65_536);
  });

  it('goes back to where the farm says, and sends the journal after it again', async () => {
    const text = Buffer.from('0123456789\n');
    const entries = await build([text]);
    feed.attach(link, { epoch: 1, entries: 0, logs: [] });
    feed.wrote(entries);
    feed.stored({ entries: 1 });
    link.sent.length = 0;

    feed.rewind({ step: 0, offset: 4 });

    assert.deepEqual(link.order, ['log 0', '2 log-finished']);
    const [frame] = link.frames;
    assert.deepEqual([frame?.offset, Buffer.from(frame?.bytes ?? []).toString()], [4, '456789\n']);
    assert.equal(frame?.sequence, 1, 'sequences count on');
  });

  it('goes on over another link from where the farm has it', async () => {
    const entries = await build([Buffer.from('0123456789\n')]);
    feed.attach(link, { epoch: 1, entries: 0, logs: [] });
    feed.wrote(entries);
    feed.detach();
    const other = new Recorder();

    feed.attach(other, { epoch: 2, entries: 1, logs: [{ step: 0, offset: 6 }] });

    assert.deepEqual(other.order, ['log 0', '2 log-finished']);
    const [frame] = other.frames;
    assert.deepEqual([frame?.epoch, frame?.offset, frame?.sequence], [2, 6, 0]);
  });

  it('holds back while the socket is full', async () => {
    const entries = await build([Buffer.from('text\n')]);
    link.isFull = true;
    feed.attach(link, { epoch: 1, entries: 0, logs: [] });
    feed.wrote(entries);
    assert.deepEqual(link.sent, []);

    link.isFull = false;
    feed.pump();

    assert.equal(link.order.length, 3);
  });
});
