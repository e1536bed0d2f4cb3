import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ControlRequest } from '../../src/owner/control.ts';
import { askAgent, openControl } from '../../src/owner/control.ts';

const status = {
  isConnected: true,
  words: 'connected',
  slots: 1,
  busy: 0,
  paused: null,
  isLeaving: false,
};

describe('the control socket of an agent', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-control-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('brings what the owner wants to the agent that runs', async () => {
    const asked: ControlRequest[] = [];
    await using _control = await openControl(dir, async (request) => {
      asked.push(request);
      return status;
    });

    assert.deepEqual(await askAgent(dir, { act: 'pause', reason: 'lunch' }), status);
    assert.deepEqual(asked, [{ act: 'pause', reason: 'lunch' }]);
  });

  it('finds nobody when no agent runs, or one died', async () => {
    assert.equal(await askAgent(dir, { act: 'status' }), undefined);
  });

  it('keeps a second agent out of the same folder', async () => {
    await using _control = await openControl(dir, async () => status);

    await assert.rejects(
      openControl(dir, async () => status),
      /a worker runs with .* already/,
    );
  });

  it('hangs up on what it does not understand', async () => {
    await using _control = await openControl(dir, async () => status);
    const socket = connect(join(dir, 'control.sock'));
    socket.write('{"act":"sudo"}\n');
    await once(socket, 'close');

    assert.deepEqual(await askAgent(dir, { act: 'status' }), status, 'and goes on');
  });
});
