import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { ApiBuild, ApiLogLines, Problem } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { validatedFetch } from '../../../../test/support/api.ts';
import { EventReader } from '../../../../test/support/server-sent-events.ts';
import { markLogsDropped } from '../../src/store/retention.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  endLog,
  print,
  runtimeBuilder,
  startSmallFarm,
} from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

describe('logs', () => {
  let farm: SmallFarm;
  let worker: number;

  before(async () => {
    farm = await startSmallFarm();
    await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1');
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function newLog() {
    const request = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    const { build, logs } = await addBuild(farm, request, worker);
    const [log] = logs;
    if (log === undefined) throw new Error('no log');
    return { build, log, url: `${farm.url}/api/v1/logs/${log.id}` };
  }

  async function finishedLog(bytes: Uint8Array) {
    const made = await newLog();
    await print(farm, made.log, 0, bytes);
    await endLog(farm, made.log, bytes);
    return made;
  }

  // Compared by hash: a difference of long buffers takes for ever to print.
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

  it('come back byte-exact, whatever they hold', async () => {
    const printed = randomBytes(3_000_000);
    const { url } = await finishedLog(printed);

    const response = await validatedFetch(url);

    assert.equal(response.headers.get('content-type'), 'text/plain');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('content-length'), '3000000');
    assert.equal(response.headers.get('x-weir-kept-ranges'), null);
    assert.ok(printed.equals(await bytesOf(response)));
  });

  it('give one range', async () => {
    const printed = randomBytes(200_000);
    const { url } = await finishedLog(printed);
    const range = async (value: string, more: Record<string, string> = {}) => {
      const response = await validatedFetch(url, { headers: { range: value, ...more } });
      const bytes = await bytesOf(response);
      return [response.status, response.headers.get('content-range'), hashOf(bytes)] as const;
    };
    const whole = hashOf(printed);

    const middle = [206, 'bytes 70000-140000/200000', hashOf(printed.subarray(70_000, 140_001))];
    assert.deepEqual(await range('bytes=70000-140000'), middle);
    const end = [206, 'bytes 199990-199999/200000', hashOf(printed.subarray(-10))];
    assert.deepEqual(await range('bytes=-10'), end);
    assert.deepEqual(await range('bytes=199990-'), end);
    assert.deepEqual(await range('bytes=199990-999999'), end);
    const all = [206, 'bytes 0-199999/200000', whole];
    assert.deepEqual(await range('bytes=-999999'), all);
    for (const ignored of ['bytes=5-1', 'bytes=0-1,4-5', 'lines=0-1', 'bytes=a-b', 'bytes=-']) {
      assert.deepEqual(await range(ignored), [200, null, whole], ignored);
    }
    assert.deepEqual(await range('bytes=0-1', { 'if-range': '"other"' }), [200, null, whole]);
  });

  it('have no bytes beyond their end', async () => {
    const { url } = await finishedLog(Buffer.from('abc'));

    for (const range of ['bytes=3-', 'bytes=99-100', 'bytes=-0']) {
      const response = await validatedFetch(url, { headers: { range } });
      assert.equal(response.status, 416, range);
      assert.equal(response.headers.get('content-range'), 'bytes */3');
      assert.equal(((await response.json()) as Problem).code, 'range-not-satisfiable');
    }
  });

  it('are not sent again to who has them', async () => {
    const { url } = await finishedLog(Buffer.from('abc'));
    const etag = (await fetch(url)).headers.get('etag') ?? '';

    const again = await validatedFetch(url, { headers: { 'if-none-match': etag } });

    assert.equal(etag, `"${hashOf(Buffer.from('abc'))}"`);
    assert.equal(again.status, 304);
    const part = await fetch(url, { headers: { range: 'bytes=1-1', 'if-range': etag } });
    assert.equal(await part.text(), 'b');
  });

  it('answer a HEAD without their bytes', async () => {
    const { url } = await finishedLog(Buffer.from('abc'));

    const response = await validatedFetch(url, { method: 'HEAD' });

    assert.equal(response.headers.get('content-length'), '3');
    assert.equal(await response.text(), '');
  });

  it('say what a cap cut', async () => {
    const { build, log, url } = await newLog();
    await print(farm, log, 0, Buffer.from('head\n'));
    await print(farm, log, 1_000, Buffer.from('tail\n'), true);
    const ranges: [number, number][] = [
      [0, 5],
      [1_000, 1_005],
    ];
    await endLog(farm, log, Buffer.from('head\ntail\n'), ranges);

    const response = await validatedFetch(url);

    assert.equal(response.headers.get('x-weir-kept-ranges'), '0-5, 1000-1005');
    assert.equal(await response.text(), 'head\ntail\n');
    const shown = await validatedFetch(`${farm.url}/api/v1/builds/${build.id}`);
    const [step] = ((await shown.json()) as ApiBuild).steps;
    const kept = { id: log.id, bytes: 1_005, lines: 2, finished: true, ranges };
    assert.deepEqual(step?.log, { ...kept, droppedAt: null });
  });

  it('say until when they were kept, once they are too old', async () => {
    const { build, log, url } = await newLog();
    await print(farm, log, 0, Buffer.from('old\n'));
    await endLog(farm, log, Buffer.from('old\n'), [[0, 4]]);
    await farm.store.unit((db) => markLogsDropped(db, [build.id], Date.UTC(2026, 1, 3)));

    for (const path of ['', '/lines', '/live']) {
      const response = await validatedFetch(`${url}${path}`);
      assert.equal(response.status, 410, path);
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      assert.deepEqual(
        [code, detail],
        ['log-dropped', 'what it printed was kept until 2026-02-03'],
      );
    }
    const page = await (await fetch(`${farm.url}/builds/${build.id}`)).text();
    assert.match(page, /its log \(4 B, 1 line\) was kept until/);
    assert.equal((await fetch(`${farm.url}/logs/${log.id}`)).status, 410);
  });

  it('give lines as text, from any line on', async () => {
    const text = 'one\n\u001B[31mtwo\u001B[0m\r\n<b>\n\xC3\x28';
    const { url } = await finishedLog(Buffer.from(text, 'latin1'));

    const response = await validatedFetch(`${url}/lines?from=1&count=3`);

    const answer = (await response.json()) as ApiLogLines;
    assert.deepEqual(
      answer.items.map((line) => [line.number, line.fromByte, line.text]),
      [
        [1, 4, '\u001B[31mtwo\u001B[0m\r'],
        [2, 18, '<b>'],
        [3, 22, '\uFFFD('],
      ],
    );
    assert.equal(answer.closed, true);
  });

  it('cut a line that is too long to show, and bound the whole answer', async () => {
    const { url } = await finishedLog(Buffer.from(`${'x'.repeat(2_000_000)}\n`.repeat(3)));

    const response = await validatedFetch(`${url}/lines?count=5000`);

    const text = await response.text();
    const { items } = JSON.parse(text) as ApiLogLines;
    assert.deepEqual(
      items.map((line) => [line.fromByte, line.cut]),
      [
        [0, true],
        [2_000_001, true],
        [4_000_002, true],
      ],
    );
    assert.ok(text.length < 1_000_000);
  });

  describe('live', () => {
    const textOf = (data: string) => Buffer.from(data, 'base64').toString();

    it('show what is printed as it comes, and end with the log', async () => {
      const { log, url } = await newLog();
      await print(farm, log, 0, Buffer.from('one '));
      await using reader = await EventReader.open(`${url}/live`);

      const first = await reader.next();
      await print(farm, log, 4, Buffer.from('two'));
      const second = await reader.next();
      await endLog(farm, log, Buffer.from('one two'));
      const end = await reader.next();

      assert.deepEqual([first?.id, textOf(first?.data ?? '')], ['4', 'one ']);
      assert.deepEqual([second?.id, textOf(second?.data ?? '')], ['7', 'two']);
      assert.equal(end?.event, 'end');
      assert.deepEqual(JSON.parse(end?.data ?? ''), {
        bytes: 7,
        lines: 1,
        printed: 7,
        ranges: [[0, 7]],
      });
      assert.equal(await reader.next(), undefined);
    });

    it('go on at any byte, exactly', async () => {
      const printed = randomBytes(1_000_000);
      const { url } = await finishedLog(printed);

      for (const from of [0, 1, 65_536, 123_457, 999_999, 1_000_000]) {
        const parts: Buffer[] = [];
        await using reader = await EventReader.open(`${url}/live?from=7`, {
          'last-event-id': String(from),
        });
        for (
          let event = await reader.next();
          event?.event === 'message';
          event = await reader.next()
        ) {
          parts.push(Buffer.from(event.data, 'base64'));
          assert.equal(Number(event.id), from + parts.reduce((sum, part) => sum + part.length, 0));
        }
        assert.ok(printed.subarray(from).equals(Buffer.concat(parts)), `from ${from}`);
      }
    });

    it('end when the build ends without them', async () => {
      const { build, log, url } = await newLog();
      await print(farm, log, 0, Buffer.from('cut off'));
      await using reader = await EventReader.open(`${url}/live`);
      assert.equal(textOf((await reader.next())?.data ?? ''), 'cut off');

      await endBuild(farm, build, 'lost');

      assert.equal((await reader.next())?.event, 'end');
    });
  });
});
