/** Numbers that both ends of a worker link must agree on. Times are milliseconds, sizes are bytes. */

export const subprotocol = 'weir.v1';
export const protocolVersion = { min: 1, max: 1 } as const;

export const maxFrameBytes = 1024 * 1024;
/** Payload of one log frame. */
export const maxChunkBytes = 64 * 1024;
/** Log bytes of one build that may be on their way without an acknowledgement. */
export const maxInFlightBytes = 1024 * 1024;

export const heartbeatMs = 15_000;
/** Two missed heartbeats mean that the link is down. */
export const linkDeadMs = 2 * heartbeatMs + 1_000;
export const leaseMs = 90_000;
export const offerMs = 10_000;
export const partialLineMs = 50;

export const reconnectBusyMs = 3_000;
export const reconnectIdleMs = 60_000;

export const defaultLogCapBytes = 256 * 1024 * 1024;

/** Close codes of a worker link, in the private range of RFC 6455. */
export const closeCodes = {
  badFrame: 4400,
  unproven: 4401,
  denied: 4403,
  pending: 4404,
  duplicate: 4409,
  notYours: 4410,
  frameTooLarge: 4413,
  wrongVersion: 4426,
  replaced: 4430,
  revoked: 4431,
  restarting: 4450,
} as const;
export type CloseReason = keyof typeof closeCodes;
