import {
  applyBodySchema,
  farmVersionSchema,
  farmVersionWithFilesSchema,
  planAnswerSchema,
  planBodySchema,
  rollBackBodySchema,
  versionDifferenceSchema,
} from '@weir/protocol';
import type { ApiFarmVersion } from '@weir/protocol';
import { z } from 'zod';
import type { Command } from '../../command.ts';
import { farmVersionBefore } from '../../store/farm-versions.ts';
import type { WebContext } from '../context.ts';
import { listFarmVersions, readFarmVersion } from '../read/farm-versions.ts';
import { readPlan } from '../read/plan.ts';
import { readVersionDifference } from '../read/version-difference.ts';
import { problem } from '../server/problems.ts';
import { found, idOf, pageOf, pageQuery } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';

const versions = '/api/v1/farm/versions';

/** The versions of the farm file: to read, to compare, to plan, to apply and to roll back. */
export function farmDoors(context: WebContext): Door[] {
  return [...readingDoors(context), ...applyingDoors(context)];
}

function readingDoors({ db, farm }: WebContext): Door[] {
  return [
    door({
      path: versions,
      summary: 'The versions of the farm file, newest first',
      query: pageQuery,
      answer: pageOf(farmVersionSchema),
      handle: ({ query }) => listFarmVersions(db, query),
    }),
    door({
      path: `${versions}/{id}`,
      summary: 'One version; with its text for who is signed in',
      answer: farmVersionWithFilesSchema,
      handle: async ({ subject, actor }) => {
        const viewer = { isVisitor: actor === '' };
        return found(
          await readFarmVersion(db, idOf(subject, 'version'), viewer),
          'version',
          subject,
        );
      },
    }),
    door({
      path: `${versions}/{id}/difference`,
      summary: 'What is between a version and another one; needs a sign-in',
      query: z.strictObject({
        from: z.coerce
          .number()
          .int()
          .min(0)
          .optional()
          .describe('the version before it when absent; 0: nothing'),
      }),
      answer: versionDifferenceSchema,
      handle: async ({ subject, actor, query }) => {
        if (actor === '') throw problem('not-signed-in', 'texts of farm files hold addresses');
        const to = idOf(subject, 'version');
        const from = query.from ?? (await farmVersionBefore(db, to));
        const difference = await readVersionDifference(db, farm().farmOptions, { from, to });
        return found(difference, 'version', subject);
      },
    }),
  ];
}

function applyingDoors({ db, farm, sendCommand }: WebContext): Door[] {
  const applied = async (
    actor: string,
    command: Extract<Command, { t: 'apply' }>,
  ): Promise<ApiFarmVersion> => {
    const { version = 0 } = await sendCommand(actor, command);
    const { files: _, ...rest } = found(
      await readFarmVersion(db, version, { isVisitor: true }),
      'version',
      version,
    );
    return rest;
  };
  return [
    door({
      method: 'post',
      path: '/api/v1/farm/plan',
      summary: 'What a farm file, or an older version, would change; changes nothing',
      body: planBodySchema,
      answer: planAnswerSchema,
      handle: ({ body }) => {
        const file = body.file ?? body.version;
        if (file === undefined) throw problem('bad-body', 'a file or a version is needed');
        return readPlan(db, farm(), file);
      },
    }),
    door({
      method: 'post',
      path: versions,
      summary: 'Apply a farm file: it is checked as a whole, and becomes the version in force',
      creates: versions,
      body: applyBodySchema,
      answer: farmVersionSchema,
      handle: ({ actor, body }) => applied(actor, { t: 'apply', ...body }),
    }),
    door({
      method: 'post',
      path: `${versions}/{id}/roll-back`,
      summary: 'Apply an older version again, as a new one',
      creates: versions,
      body: rollBackBodySchema,
      answer: farmVersionSchema,
      handle: ({ subject, actor, body }) =>
        applied(actor, { t: 'apply', file: idOf(subject, 'version'), ...body }),
    }),
  ];
}
