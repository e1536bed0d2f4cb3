import { protocolVersion } from '@weir/protocol';
import type { WellKnown } from '@weir/protocol';
import type { Request, RequestHandler } from 'express';
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
      workerUrl: workerUrlFor(request, workerUrl, workerPort),
      fingerprint,
      versions: protocolVersion,
      agent: weirVersion,
    };
    response.set('date', new Date(now()).toUTCString());
    response.set('cache-control', 'no-cache').json(answer);
  };
}

/** As the farm file has it; else, or where that is a path, at the host that was asked. */
function workerUrlFor(request: Request, url: string | null, workerPort: number): string {
  const host = request.get('host');
  if (url === null) return `ws://${hostnameOf(host)}:${workerPort}/worker`;
  if (!url.startsWith('/')) return url;
  return new URL(url, `${request.secure ? 'wss' : 'ws'}://${hostOf(host)}`).href;
}

/** The host that was asked, with its port. */
function hostOf(host = ''): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).host : 'localhost';
}

/** The host that was asked, without its port; brackets of IPv6 stay. */
export function hostnameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname : 'localhost';
}
