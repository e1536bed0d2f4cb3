import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protocolVersion } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import {
  checkDisk,
  checkFarm,
  checkLink,
  checkSandbox,
  checkTools,
} from '../../src/doctor/checks.ts';

const fingerprint = `SHA256:${'A'.repeat(43)}`;

describe('weir worker doctor', () => {
  let dir: string;
  let farm: Server;
  let url: string;
  let aheadMs = 0;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-doctor-'));
    farm = createServer((_request, response) => {
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
      response.end(
        JSON.stringify({
          farm: 'Test farm',
          workerUrl: 'ws://127.0.0.1:1/worker',
          fingerprint,
          versions: protocolVersion,
          agent: '0.1.0',
        }),
      );
    }).listen(0, '127.0.0.1');
    await once(farm, 'listening');
    url = `http://127.0.0.1:${(farm.address() as AddressInfo).port}`;
  });
  after(() => {
    farm.closeAllConnections();
    farm.close();
    rmSync(dir, { recursive: true });
  });

  it('finds node and git', () => {
    const found = checkTools();

    assert.deepEqual(
      found.slice(0, 2).map(({ about, level }) => [about, level]),
      [
        ['node', 'good'],
        ['git', 'good'],
      ],
    );
  });

  it('says when the disk has too little room', () => {
    assert.equal(checkDisk(dir, 1).level, 'good');
    const full = checkDisk(dir, Number.MAX_SAFE_INTEGER);
    assert.equal(full.level, 'fault');
    assert.match(full.text, /no builds are taken below/);
  });

  it('says which limits are in force', () => {
    const { level, text } = checkSandbox('none');

    assert.equal(level, 'note');
    assert.match(text, /^none: /);
  });

  it('finds the farm, and how far apart the clocks are', async () => {
    aheadMs = 0;
    assert.deepEqual(
      (await checkFarm(url, fingerprint)).map(({ about, level }) => `${about} ${level}`),
      ['farm good', 'clock good'],
    );
    aheadMs = -600_000;
    const [, clock] = await checkFarm(url, fingerprint);
    assert.equal(clock?.level, 'fault');
    assert.match(clock?.text ?? '', /^(59\d|600|601) s from/);
  });

  it('knows another farm, and none', async () => {
    const [other] = await checkFarm(url, `SHA256:${'B'.repeat(43)}`);
    assert.equal(other?.level, 'fault');
    const [none] = await checkFarm('http://127.0.0.1:1', undefined);
    assert.match(none?.text ?? '', /no farm answers/);
  });

  it('says that no agent runs', async () => {
    assert.equal((await checkLink(dir)).text, 'the agent does not run');
  });
});
