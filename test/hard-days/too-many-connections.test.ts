import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from '../support/farm-process.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

/** Open files that the master may have: hundreds of times fewer than a service usually may. */
const openFiles = 256;

describe('more connections than a master may have files', function () {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  const sockets: Socket[] = [];

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm(),
      remotes: repositories.remotes,
      under: ['prlimit', `--nofile=${openFiles}`],
    });
    await farm.addWorker({ name: 'w1' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it('leave the engine the files that it needs, and its workers their links', async () => {
    for (const port of [farm.workerPort, Number(new URL(farm.url).port)]) {
      for (let n = 0; n < openFiles; n++) {
        sockets.push(connect(port, '127.0.0.1').on('error', () => {}));
      }
    }
    await farm.logged('web port: 32 connections are open, and no more are taken');
    await farm.logged('worker port: 96 connections are open, and no more are taken');
    const { last } = farm.events;

    // Followed by git, which needs files, built by the worker, and seen over a connection from before.
    await repositories.app.commit({ message: 'Meanwhile', files: { 'app.txt': 'true\n' } });
    const built = { after: last, data: { builder: appBuilder, result: 'success' } };
    await farm.events.until('build.finished', built);

    const open = readdirSync(`/proc/${farm.pid}/fd`).length;
    assert.ok(open < openFiles - 16, `${open} files are open`);
    assert.equal(farm.log.match(/no more are taken/g)?.length, 2, 'it is said once');
  });

  it('are let go when they ask for nothing', async () => {
    const isTaken = () =>
      fetch(farm.url).then(
        ({ ok }) => ok,
        () => false,
      );

    while (!(await isTaken()));
  });
});
