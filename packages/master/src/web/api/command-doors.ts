import {
  acceptBodySchema,
  acknowledgeBodySchema,
  breakageSchema,
  buildSchema,
  builderSchema,
  forceBodySchema,
  reasonBodySchema,
  requestSchema,
  trustBodySchema,
  workerSchema,
} from '@weir/protocol';
import type { ApiRequest } from '@weir/protocol';
import type { CommandAnswer } from '../../command.ts';
import type { RequestRow } from '../../store/requests.ts';
import type { WebContext } from '../context.ts';
import { readBreakage } from '../read/breakages.ts';
import { readBuilder } from '../read/builders.ts';
import { readBuild } from '../read/builds.ts';
import { readRequest, readWritten } from '../read/requests.ts';
import { readWorker } from '../read/workers.ts';
import { found, idOf } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';

/** What people may have the engine do. Each answers, after the commit, with the thing as it is then. */
export function commandDoors(context: WebContext): Door[] {
  return [
    ...requestDoors(context),
    ...builderDoors(context),
    ...workerDoors(context),
    acknowledgeDoor(context),
  ];
}

/** What asks for a build of the same revisions. */
const buildActs = [
  { act: 'again', t: 'again', summary: 'Build the same revisions once more' },
  {
    act: 'accept-tests',
    t: 'accept-tests',
    summary: 'Take the tests of a build that lost some for all there are, and build it once more',
  },
] as const;

function requestDoors(context: WebContext): Door[] {
  const { db, now, farm, sendCommand } = context;
  const request = async (id: number): Promise<ApiRequest> =>
    found(await readRequest(db, farm().rules, id, now()), 'request', id);
  const written = async (command: Promise<CommandAnswer>): Promise<RequestRow> =>
    found((await command).request, 'request', 'written');
  return [
    door({
      method: 'post',
      path: '/api/v1/requests',
      summary: 'Force a build of a builder, at given commits or at the newest known changes',
      creates: '/api/v1/requests',
      body: forceBodySchema,
      answer: requestSchema,
      handle: async ({ actor, body }) =>
        readWritten(db, farm().rules, {
          builder: body.builder,
          written: written(sendCommand(actor, { t: 'force', ...body })),
          now,
        }),
    }),
    door({
      method: 'post',
      path: '/api/v1/requests/{id}/cancel',
      summary: 'Cancel a request that waits',
      body: reasonBodySchema,
      answer: requestSchema,
      handle: async ({ subject, actor, body }) => {
        const id = idOf(subject, 'request');
        await sendCommand(actor, { t: 'cancel-request', request: id, reason: body.reason });
        return request(id);
      },
    }),
    door({
      method: 'post',
      path: '/api/v1/builds/{id}/cancel',
      summary: 'End a running build with its whole process tree',
      body: reasonBodySchema,
      answer: buildSchema,
      handle: async ({ subject, actor, body }) => {
        const id = idOf(subject, 'build');
        await sendCommand(actor, { t: 'cancel', build: id, reason: body.reason });
        return found(await readBuild(context, id), 'build', id);
      },
    }),
    ...buildActs.map(({ act, t, summary }) =>
      door({
        method: 'post',
        path: `/api/v1/builds/{id}/${act}`,
        summary,
        creates: '/api/v1/requests',
        body: reasonBodySchema,
        answer: requestSchema,
        handle: async ({ subject, actor, body }) => {
          const build = idOf(subject, 'build');
          const { id } = await written(sendCommand(actor, { t, build, reason: body.reason }));
          return request(id);
        },
      }),
    ),
  ];
}

function builderDoors({ db, now, farm, sendCommand }: WebContext): Door[] {
  return (['pause', 'resume'] as const).map((act) =>
    door({
      method: 'post',
      path: `/api/v1/builders/{name}/${act}`,
      summary: act === 'pause' ? 'Give a builder no more builds' : "End a builder's pause",
      body: reasonBodySchema,
      answer: builderSchema,
      handle: async ({ subject, actor, body }) => {
        await sendCommand(actor, { t: `${act}-builder`, builder: subject, reason: body.reason });
        const builder = await readBuilder(db, farm().rules, subject, now());
        return found(builder, 'builder', subject);
      },
    }),
  );
}

const workerActs = {
  'pause-worker': { path: 'pause', summary: 'Give a worker no more builds' },
  'resume-worker': { path: 'resume', summary: "End a worker's pause" },
  release: { path: 'release', summary: "End a worker's quarantine, and forget what led to it" },
  reject: { path: 'reject', summary: 'Turn away a worker that asked to join' },
  revoke: { path: 'revoke', summary: "Revoke a worker's key, and close its link" },
} as const;

function workerDoors({ db, farm, sendCommand }: WebContext): Door[] {
  const worker = async (name: string) =>
    found(await readWorker(db, farm().rules, name, { isVisitor: false }), 'worker', name);
  const acts = Object.keys(workerActs) as (keyof typeof workerActs)[];
  return [
    door({
      method: 'post',
      path: '/api/v1/workers/{name}/accept',
      summary: 'Accept a worker that asked to join, by the fingerprint that its owner sees',
      body: acceptBodySchema,
      answer: workerSchema,
      handle: async ({ subject, actor, body }) => {
        await sendCommand(actor, { t: 'accept', worker: subject, ...body });
        return worker(subject);
      },
    }),
    door({
      method: 'post',
      path: '/api/v1/workers/{name}/trust',
      summary: 'Change how far a worker is trusted: put it on probation, or end that',
      body: trustBodySchema,
      answer: workerSchema,
      handle: async ({ subject, actor, body }) => {
        await sendCommand(actor, { t: 'trust', worker: subject, ...body });
        return worker(subject);
      },
    }),
    ...acts.map((t) =>
      door({
        method: 'post',
        path: `/api/v1/workers/{name}/${workerActs[t].path}`,
        summary: workerActs[t].summary,
        body: reasonBodySchema,
        answer: workerSchema,
        handle: async ({ subject, actor, body }) => {
          await sendCommand(actor, { t, worker: subject, reason: body.reason });
          return worker(subject);
        },
      }),
    ),
  ];
}

function acknowledgeDoor({ db, sendCommand }: WebContext): Door {
  return door({
    method: 'post',
    path: '/api/v1/breakages/{id}/acknowledge',
    summary: 'Say who is on a breakage, and for how long',
    body: acknowledgeBodySchema,
    answer: breakageSchema,
    handle: async ({ subject, actor, body }) => {
      const id = idOf(subject, 'breakage');
      await sendCommand(actor, { t: 'acknowledge', breakage: id, ...body });
      return found(await readBreakage(db, id), 'breakage', subject);
    },
  });
}
