import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

describe('a worker that finds no door', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let proxy: Server;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm({ extra: 'worker-url: /worker\n' }) });
    // Its farm does not run: pages are elsewhere.
    proxy = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      const { fingerprint } = farm;
      const workerUrl = `ws://127.0.0.1:${port()}/worker`;
      const versions = { min: 1, max: 1 };
      response.end(
        JSON.stringify({ farm: 'Test farm', workerUrl, fingerprint, versions, agent: '0.1.0' }),
      );
    });
    proxy.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await new Promise((resolve) => proxy?.close(resolve));
  });

  function port(): number {
    return (proxy.address() as AddressInfo).port;
  }

  it('says where it looked, and that another address is to be joined', async () => {
    const worker = await farm.addWorker({ name: 'astray', isInvited: false });

    const asked = `${farm.url.replace('http', 'ws')}/worker`;
    await worker.said(`${asked} answers 404: no workers are taken there: join again at`);
    await worker.said('; reconnecting');
  });

  it('says so of a proxy that has no farm behind it', async () => {
    const url = `http://127.0.0.1:${port()}`;
    const worker = await farm.addWorker({ name: 'waiting', isInvited: false, url });

    await worker.said(`ws://127.0.0.1:${port()}/worker answers 502: the farm does not run, or`);
  });
});
