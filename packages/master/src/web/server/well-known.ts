import { protocolVersion } from '@weir/protocol';
import type { WellKnown } from '@weir/protocol';
import type { RequestHandler } from 'express';
import type { Clock } from '../../clock.ts';
import type { FarmFacts } from '../../command.ts';
import { weirVersion } from '../version.ts';

/**
 * `/.well-known/weir`: where workers connect, and how they know that it is this farm. Its `Date` is the
 * farm's own time, by which owners sign.
 */
export function wellKnownDoor(farm: () => FarmFacts, now: Clock): RequestHandler {
  return (request, response) => {
    const { name, fingerprint, workerUrl, workerPort } = farm();
    const answer: WellKnown = {
      farm: name,
      workerUrl: workerUrl ?? `ws://${hostnameOf(request.get('host'))}:${workerPort}/worker`,
      fingerprint,
      versions: protocolVersion,
      agent: weirVersion,
    };
    response.set('date', new Date(now()).toUTCString());
    response.set('cache-control', 'no-cache').json(answer);
  };
}

/** The host that was asked, without its port; brackets of IPv6 stay. */
export function hostnameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname : 'localhost';
}
