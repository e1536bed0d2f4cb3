import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { maxFrameBytes, subprotocol } from '@weir/protocol';
import { WebSocketServer } from 'ws';
import { boundConnections } from '../descriptors.ts';
import { TrustedProxies } from '../trusted-proxies.ts';
import { closeLink } from './frames.ts';
import type { LinkContext } from './link.ts';
import { serveLink } from './link.ts';

/** The port where workers connect. */
export interface Gateway {
  readonly port: number;
  /** Closes the port and every link; the workers are told that they may come back soon. */
  close(): Promise<void>;
}

/** Who connects and says nothing holds a connection that others wait for. */
const patience = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };
/** Links at once, proved or not: a flood of sockets must not take the engine's memory. */
const maxLinks = 20_000;

/** Workers that don't answer a goodbye within this time are left without. */
const farewellMs = 1_000;

/** @throws the listen error, when the port is taken */
export async function openGateway(
  options: { host: string; port: number },
  context: LinkContext,
): Promise<Gateway> {
  const proxies = new TrustedProxies(process.env['WEIR_TRUSTED_PROXIES']);
  const server = createServer(patience, (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', connection: 'close' });
    response.end(
      `This port is for Weir workers: WebSocket, subprotocol ${subprotocol}, path /worker.\n`,
    );
  });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  server.on('upgrade', (request, socket, head) => {
    guard(socket);
    const refusal = refusalOf(request.headers, request.url, sockets.clients.size);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { remoteAddress = 'unknown address' } = request.socket;
    const address = proxies.addressOf(
      remoteAddress,
      String(request.headers['x-forwarded-for'] ?? ''),
    );
    sockets.handleUpgrade(request, socket, head, (link) => serveLink(link, address, context));
  });
  boundConnections(server, 'worker', (text) => context.refused('worker port', text));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port, options.host, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeIdleConnections();
      for (const link of sockets.clients) closeLink(link, 'restarting', 'the farm restarts');
      const giveUp = setTimeout(() => {
        for (const link of sockets.clients) link.terminate();
        server.closeAllConnections();
      }, farewellMs);
      await closed.promise;
      clearTimeout(giveUp);
    },
  };
}

/**
 * Node takes its own listener away at an upgrade: without one, whoever resets the connection ends the
 * master. Apart from the rest of the upgrade, or the listener would keep the request for as long as the
 * link lives.
 */
function guard(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
}

/** Browsers send an Origin, workers don't: no page may speak to this port. */
function refusalOf(
  headers: NodeJS.Dict<string | string[]>,
  url: string | undefined,
  links: number,
): string | undefined {
  if (url?.split('?')[0] !== '/worker') return '404 Not Found';
  if (headers['origin'] !== undefined) return '403 Forbidden';
  if (!String(headers['sec-websocket-protocol'] ?? '').includes(subprotocol)) {
    return '400 Bad Request';
  }
  if (links >= maxLinks) return '503 Service Unavailable';
  return undefined;
}
