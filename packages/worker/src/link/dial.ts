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
  });
