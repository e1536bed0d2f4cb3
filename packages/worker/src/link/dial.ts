import { maxFrameBytes, subprotocol } from '@weir/protocol';
import WebSocket from 'ws';

/** Opens the socket of a link to this address, `ws://` or `wss://`. */
export type Dial = (url: string) => WebSocket;

/** The farm must have answered within this time, at each turn of the handshake. */
export const handshakeMs = 20_000;

export const dial: Dial = (url) =>
  new WebSocket(url, subprotocol, {
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handshakeTimeout: handshakeMs,
    ...(isUnobserved(url) && { generateMask: (mask: Buffer) => mask.fill(0) }),
  });

/**
 * A client masks its frames so that nobody on the way takes what it was made to send (a log is anybody's
 * text) for a request of its own: RFC 6455, 10.3. Where nobody on the way can read, the mask is zeros,
 * which both ends skip: a good part of what a log costs.
 */
export function isUnobserved(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'wss:' || /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname);
}
