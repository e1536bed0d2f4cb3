import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { buildSchema } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

const valueSchema = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
});
const attributesSchema = z
  .array(z.object({ key: z.string(), value: valueSchema }))
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
    ),
  );
const spanSchema = z.looseObject({
  traceId: z.string().regex(/^[\da-f]{32}$/),
  spanId: z.string().regex(/^[\da-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: attributesSchema.default({}),
  events: z.array(z.looseObject({ name: z.string() })).default([]),
  status: z.looseObject({ code: z.number().optional() }),
});
const batchSchema = z.object({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes: attributesSchema }),
      scopeSpans: z.array(z.looseObject({ spans: z.array(spanSchema) })),
    }),
  ),
});
type Span = z.infer<typeof spanSchema>;

describe('traces', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let collector: Server;
  let spans: Span[];
  let services: Set<unknown>;
  let asked: string[];
  let status: number;

  beforeEach(async () => {
    [spans, services, asked, status] = [[], new Set(), [], 200];
    repositories = await createSmallFarm();
    collector = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
      void json(request).then((body) => {
        for (const { resource, scopeSpans } of batchSchema.parse(body).resourceSpans) {
          services.add(resource.attributes['service.name']);
          spans.push(...scopeSpans.flatMap((scope) => scope.spans));
        }
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    collector.listen(0, '127.0.0.1');
    await once(collector, 'listening');
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    collector.close();
    collector.closeAllConnections();
  });

  const endpoint = (): string => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

  /** The id of the project's first build, which has ended. */
  async function build(env: Record<string, string>, test = 'lang ./app.txt'): Promise<string> {
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps: ['- prepare: "true"', `- test: ${test}`] }),
      remotes: repositories.remotes,
      env,
    });
    await farm.addWorker({ name: 'w1' });
    const { subject } = await farm.events.until('build.finished', {
      data: { builder: appBuilder },
    });
    return subject.slice('build/'.length);
  }

  function one(isIt: (span: Span) => boolean): Span {
    const [span, ...others] = spans.filter(isIt);
    assert.ok(span !== undefined && others.length === 0, JSON.stringify(spans, null, 2));
    return span;
  }

  /** Milliseconds UTC. */
  const timesOf = (span: Span): number[] =>
    [span.startTimeUnixNano, span.endTimeUnixNano].map((time) => Number(BigInt(time) / 1_000_000n));

  it("show a request's life: how it waited, its build and the steps", async () => {
    const id = await build({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() });
    const stored = await farm.get(`/api/v1/builds/${id}`, buildSchema);
    await farm.stop();

    assert.equal(asked[0], 'POST /v1/traces application/json');
    assert.deepEqual([...services], ['weir']);
    const request = one(
      ({ name, attributes }) => name === 'request' && attributes['weir.builder'] === appBuilder,
    );
    assert.ok(!request.parentSpanId);
    assert.equal(request.attributes['weir.result'], 'success');
    assert.equal(request.attributes['weir.upstream.commit'], stored.revisions.upstream);
    const within = (parent: Span): Span[] =>
      spans.filter(
        ({ traceId, parentSpanId }) => traceId === parent.traceId && parentSpanId === parent.spanId,
      );
    const [wait, built, ...others] = within(request);
    assert.deepEqual([wait?.name, built?.name, others], ['wait', 'build', []]);
    assert.ok(wait && built);
    assert.deepEqual(
      {
        build: built.attributes['weir.build'],
        worker: built.attributes['weir.worker'],
        result: built.attributes['weir.result'],
      },
      { build: Number(id), worker: 'w1', result: 'success' },
    );
    assert.deepEqual(timesOf(built), [stored.startedAt, stored.finishedAt]);
    const [created, finished] = timesOf(request);
    assert.deepEqual(timesOf(wait), [created, stored.startedAt]);
    assert.equal(finished, stored.finishedAt);
    assert.deepEqual(
      within(built).map((step) => [step.name, ...timesOf(step)]),
      stored.steps.map(({ name, startedAt, finishedAt }) => [
        `step ${name}`,
        startedAt,
        finishedAt,
      ]),
    );
  });

  it('mark what failed', async () => {
    await build({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint()}/of/mine` }, 'exit 3');
    await farm.stop();

    assert.match(asked[0] ?? '', /^POST \/of\/mine /);
    const step = one(({ attributes }) => attributes['weir.exit_code'] === 3);
    assert.equal(step.name, 'step test');
    assert.equal(step.status.code, 2);
    const passed = spans.filter(({ name }) => name === 'step prepare');
    assert.deepEqual([...new Set(passed.map((each) => each.status.code ?? 0))], [0]);
  });

  it('that are not taken are told of once, and stop nothing', async () => {
    status = 400;
    await build({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() });
    await farm.stop();

    assert.equal(farm.log.match(/warn traces are not taken: /g)?.length, 1, farm.log);
  });

  it('are not made when nobody asks for them', async () => {
    await build({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), OTEL_SDK_DISABLED: 'true' });
    await farm.stop();

    assert.deepEqual(asked, []);
  });
});
