import type { Trust } from '@weir/protocol';
import { trustLevels } from '@weir/protocol';
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Command } from '../../command.ts';
import type { WebContext } from '../context.ts';
import { problem } from '../server/problems.ts';
import { breakagePath, builderPath, buildPath, requestPath, workerPath } from './links.ts';
import { nameOf, numberOf } from './params.ts';

const maxReason = 500;

/** The forms of the pages: each posts a command with its reason, and comes back to where it stood. */
export function commandRoutes({ signIn, sendCommand }: WebContext): Router {
  const router = Router();
  const { requireSignIn } = signIn;

  function door(
    path: string,
    backTo: (request: Request) => string,
    commandOf: (request: Request, reason: string) => Command,
  ): void {
    router.post(path, requireSignIn, async (request: Request, response: Response) => {
      const reason = field(request, 'reason').trim();
      if (reason === '' || reason.length > maxReason) {
        throw problem('bad-body', 'a reason of 1 to 500 characters is needed');
      }
      await sendCommand(signIn.actorOf(request) ?? '', commandOf(request, reason));
      response.redirect(303, backTo(request));
    });
  }

  const toBuilder = (request: Request): string => builderPath(nameOf(request));
  door('/builders/*name/force', toBuilder, (request, reason) => {
    const upstream = field(request, 'upstream').trim();
    const pinned = upstream === '' ? {} : { upstream };
    return { t: 'force', builder: nameOf(request), reason, ...pinned };
  });
  for (const act of ['pause', 'resume'] as const) {
    door(`/builders/*name/${act}`, toBuilder, (request, reason) => {
      return { t: `${act}-builder`, builder: nameOf(request), reason };
    });
  }
  for (const act of ['cancel', 'again', 'accept-tests'] as const) {
    door(
      `/builds/:id/${act}`,
      (request) => buildPath(numberOf(request)),
      (request, reason) => ({ t: act, build: numberOf(request), reason }),
    );
  }
  door(
    '/requests/:id/cancel',
    (request) => requestPath(numberOf(request)),
    (request, reason) => ({ t: 'cancel-request', request: numberOf(request), reason }),
  );
  door(
    '/breakages/:id/acknowledge',
    (request) => breakagePath(numberOf(request)),
    (request, reason) => ({
      t: 'acknowledge',
      breakage: numberOf(request),
      by: textField(request, 'by', 100),
      hours: hoursOf(field(request, 'hours')),
      reason,
    }),
  );
  door(
    '/farm-file/versions/:id/roll-back',
    () => '/farm-file',
    (request, reason) => {
      const against = Number(field(request, 'against'));
      return { t: 'apply', file: numberOf(request), reason, against };
    },
  );
  const toWorker = (request: Request): string => workerPath(workerOf(request));
  for (const act of ['pause', 'resume'] as const) {
    door(`/workers/:name/${act}`, toWorker, (request, reason) => {
      return { t: `${act}-worker`, worker: workerOf(request), reason };
    });
  }
  for (const act of ['reject', 'revoke', 'release'] as const) {
    door(`/workers/:name/${act}`, toWorker, (request, reason) => {
      return { t: act, worker: workerOf(request), reason };
    });
  }
  door('/workers/:name/trust', toWorker, (request, reason) => {
    return {
      t: 'trust',
      worker: workerOf(request),
      trust: trustOf(field(request, 'trust')),
      reason,
    };
  });
  door('/workers/:name/accept', toWorker, (request, reason) => ({
    t: 'accept',
    worker: workerOf(request),
    fingerprint: field(request, 'fingerprint'),
    labels: labelsOf(field(request, 'labels')),
    trust: trustOf(field(request, 'trust') || 'probation'),
    reason,
  }));
  return router;
}

function trustOf(text: string): Trust {
  const trust = trustLevels.find((known) => known === text);
  if (trust !== undefined) return trust;
  throw problem('bad-body', `trust: one of ${trustLevels.join(', ')} is needed`);
}

function labelsOf(text: string): string[] {
  const labels = text.split(/[\s,]+/).filter((label) => label !== '');
  const wrong = labels.find((label) => !/^[a-z0-9][a-z0-9._-]{0,62}$/.test(label));
  if (wrong !== undefined) throw problem('bad-body', `'${wrong}' is no label`);
  return labels.slice(0, 50);
}

function textField(request: Request, name: string, max: number): string {
  const text = field(request, name).trim();
  if (text !== '' && text.length <= max) return text;
  throw problem('bad-body', `${name}: 1 to ${max} characters are needed`);
}

function hoursOf(text: string): number {
  const hours = Number(text);
  if (Number.isInteger(hours) && hours >= 1 && hours <= 720) return hours;
  throw problem('bad-body', 'hours: a whole number from 1 to 720 is needed');
}

function workerOf(request: Request): string {
  return String(request.params['name']);
}

function field(request: Request, name: string): string {
  const body = (request.body ?? {}) as Record<string, unknown>;
  const value = body[name];
  return typeof value === 'string' ? value : '';
}
