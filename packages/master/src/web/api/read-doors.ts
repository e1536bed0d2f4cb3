import {
  apiArtifactSchema,
  apiSpecSchema,
  breakageSchema,
  breakageStates,
  breakageSummarySchema,
  buildSchema,
  buildStates,
  buildSummarySchema,
  builderSchema,
  changeSchema,
  enrolmentStates,
  farmSchema,
  requestReasons,
  requestSchema,
  requestStates,
  results,
  sha256Schema,
  upstreamSchema,
  verdicts,
  workerSchema,
} from '@weir/protocol';
import { z } from 'zod';
import type { WebContext } from '../context.ts';
import { listArtifacts, readArtifact } from '../read/artifacts.ts';
import { listBreakages, readBreakage } from '../read/breakages.ts';
import { listBuilders, readBuilder } from '../read/builders.ts';
import { listBuilds, readBuild } from '../read/builds.ts';
import { listChanges, readChange } from '../read/changes.ts';
import { readFarm } from '../read/farm.ts';
import { listRequests, readRequest } from '../read/requests.ts';
import { readSpec } from '../read/specs.ts';
import { listUpstreams, readUpstream } from '../read/upstreams.ts';
import { listWorkers, readWorker } from '../read/workers.ts';
import { problem } from '../server/problems.ts';
import { found, idOf, nameFilter, pageOf, pageQuery } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';

/** Everything that can be read as JSON; no sign-in is needed for any of it. */
export function readDoors(context: WebContext): Door[] {
  const { db, now, farm } = context;
  const rules = () => farm().rules;
  return [
    door({
      path: '/api/v1/farm',
      isShared: true,
      summary: 'The farm at a glance',
      answer: farmSchema,
      handle: () => readFarm(db, farm(), now()),
    }),
    door({
      path: '/api/v1/upstreams',
      isShared: true,
      summary: 'The upstreams with their trunks and tree status, in the order of the farm file',
      answer: pageOf(upstreamSchema),
      handle: async () => ({ items: await listUpstreams(db, rules(), now()), next: null }),
    }),
    door({
      path: '/api/v1/upstreams/{name}',
      isShared: true,
      summary: 'One upstream',
      answer: upstreamSchema,
      handle: async ({ subject }) =>
        found(await readUpstream(db, rules(), subject, now()), 'upstream', subject),
    }),
    door({
      path: '/api/v1/changes',
      isShared: true,
      summary: 'Changes of the followed branches, newest first',
      query: pageQuery.extend({ branch: nameFilter, upstream: nameFilter }),
      answer: pageOf(changeSchema),
      handle: ({ query }) => listChanges(db, query),
    }),
    door({
      path: '/api/v1/changes/{id}',
      isShared: true,
      summary: 'One change',
      answer: changeSchema,
      handle: async ({ subject }) =>
        found(await readChange(db, idOf(subject, 'change')), 'change', subject),
    }),
    door({
      path: '/api/v1/builders',
      isShared: true,
      summary: 'The builders with verdict, what runs and what waits, in the order of the farm file',
      query: pageQuery.extend({
        upstream: nameFilter,
        trunk: nameFilter,
        project: nameFilter,
        platform: nameFilter,
        verdict: z.enum(verdicts).optional(),
      }),
      answer: pageOf(builderSchema),
      handle: ({ query }) => listBuilders(db, rules(), query, now()),
    }),
    door({
      path: '/api/v1/builders/{name}',
      isShared: true,
      summary: 'One builder; the slashes of its name may be percent-encoded or not',
      answer: builderSchema,
      handle: async ({ subject }) =>
        found(await readBuilder(db, rules(), subject, now()), 'builder', subject),
    }),
    door({
      path: '/api/v1/artifacts',
      summary: 'The runtimes that workers share, newest first',
      query: pageQuery.extend({ builder: nameFilter, sha256: sha256Schema.optional() }),
      answer: pageOf(apiArtifactSchema),
      handle: ({ query }) => listArtifacts(db, query),
    }),
    door({
      path: '/api/v1/artifacts/{id}',
      summary: 'One artifact, with where it comes from',
      answer: apiArtifactSchema,
      handle: async ({ subject }) =>
        found(await readArtifact(db, idOf(subject, 'artifact')), 'artifact', subject),
    }),
    door({
      path: '/api/v1/requests',
      summary: 'Requests, newest first; each that waits says why',
      query: pageQuery.extend({
        builder: nameFilter,
        state: z.enum(requestStates).optional(),
        reason: z.enum(requestReasons).optional(),
        result: z.enum(results).optional(),
      }),
      answer: pageOf(requestSchema),
      handle: ({ query }) => listRequests(db, rules(), query, now()),
    }),
    door({
      path: '/api/v1/requests/{id}',
      summary: 'One request',
      answer: requestSchema,
      handle: async ({ subject }) =>
        found(await readRequest(db, rules(), idOf(subject, 'request'), now()), 'request', subject),
    }),
    door({
      path: '/api/v1/builds',
      isShared: true,
      summary: 'Builds, newest first',
      query: pageQuery.extend({
        builder: nameFilter,
        worker: nameFilter,
        upstream: nameFilter,
        state: z.enum(buildStates).optional(),
        result: z.enum(results).optional(),
      }),
      answer: pageOf(buildSummarySchema),
      handle: ({ query }) => listBuilds(db, query),
    }),
    door({
      path: '/api/v1/builds/{id}',
      isShared: true,
      summary: 'One build: steps, revisions, changes, why it ran, what its dependencies came to',
      answer: buildSchema,
      handle: async ({ subject }) =>
        found(await readBuild(context, idOf(subject, 'build')), 'build', subject),
    }),
    door({
      path: '/api/v1/builds/{id}/spec',
      summary: 'What the worker of a build was told, for who runs it again',
      answer: apiSpecSchema,
      async handle({ subject }) {
        const spec = found(await readSpec(db, idOf(subject, 'build')), 'build', subject);
        if (spec !== null) return spec;
        throw problem(
          'spec-not-kept',
          `build ${subject} is of a time before this farm kept what workers are told`,
        );
      },
    }),
    door({
      path: '/api/v1/breakages',
      isShared: true,
      summary: 'Breakages, newest first',
      query: pageQuery.extend({ state: z.enum(breakageStates).optional() }),
      answer: pageOf(breakageSummarySchema),
      handle: ({ query }) => listBreakages(db, query),
    }),
    door({
      path: '/api/v1/breakages/{id}',
      isShared: true,
      summary: 'One breakage: the builders that show it, and the changes that may have caused it',
      answer: breakageSchema,
      handle: async ({ subject }) =>
        found(await readBreakage(db, idOf(subject, 'breakage')), 'breakage', subject),
    }),
    door({
      path: '/api/v1/workers',
      summary: "Workers by name; owners' addresses in full for who is signed in",
      query: pageQuery.extend({ state: z.enum(enrolmentStates).optional() }),
      answer: pageOf(workerSchema),
      handle: ({ query, actor }) => listWorkers(db, rules(), query, { isVisitor: actor === '' }),
    }),
    door({
      path: '/api/v1/workers/{name}',
      summary: 'One worker',
      answer: workerSchema,
      handle: async ({ subject, actor }) => {
        const viewer = { isVisitor: actor === '' };
        return found(await readWorker(db, rules(), subject, viewer), 'worker', subject);
      },
    }),
  ];
}
