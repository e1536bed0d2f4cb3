import {
  buildSchema,
  buildSummarySchema,
  buildTestsSchema,
  builderSchema,
  changeSchema,
  deliverySchema,
  eventSchema,
  farmSchema,
  farmVersionSchema,
  invitationSchema,
  logLinesSchema,
  noticeSchema,
  planSchema,
  problemSchema,
  requestSchema,
  testRunSchema,
  testSchema,
  upstreamSchema,
  workerSchema,
} from '@weir/protocol';
import { z } from 'zod';
import { weirVersion } from '../version.ts';
import type { Door } from './door.ts';
import { otherDoors } from './other-doors.ts';

const schemaNames: readonly (readonly [string, z.ZodType])[] = [
  ['Build', buildSchema],
  ['BuildSummary', buildSummarySchema],
  ['BuildTests', buildTestsSchema],
  ['Builder', builderSchema],
  ['Change', changeSchema],
  ['Delivery', deliverySchema],
  ['Event', eventSchema],
  ['Farm', farmSchema],
  ['FarmVersion', farmVersionSchema],
  ['Invitation', invitationSchema],
  ['LogLines', logLinesSchema],
  ['Notice', noticeSchema],
  ['Plan', planSchema],
  ['Problem', problemSchema],
  ['Request', requestSchema],
  ['Test', testSchema],
  ['TestRun', testRunSchema],
  ['Upstream', upstreamSchema],
  ['Worker', workerSchema],
];

type JsonSchema = Record<string, unknown>;

/** The OpenAPI 3.1 document of these doors, from the same schemas that check what goes through them. */
export function openApiDocument(doors: readonly Door[]): object {
  const components = new Components();
  const paths: Record<string, Record<string, object>> = {};
  for (const door of doors) {
    (paths[door.path] ??= {})[door.method] = operationOf(door, components);
  }
  for (const { path, ...operation } of otherDoors) {
    const responses = { ...operation.responses, default: components.problem };
    (paths[path] ??= {})['get'] = { ...operation, responses };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Weir', version: weirVersion, license: { name: 'Apache-2.0' } },
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** The named schemas, so that each stands in the document once. */
class Components {
  readonly schemas: Record<string, JsonSchema> = {};
  readonly problem: object;
  readonly #registry = z.registry<{ id: string }>();

  constructor() {
    for (const [id, schema] of schemaNames) this.#registry.add(schema, { id });
    const { schemas } = z.toJSONSchema(this.#registry, { uri: refTo });
    for (const [name, schema] of Object.entries(schemas)) this.schemas[name] = bare(schema);
    this.problem = {
      description: 'a problem; docs/errors.md lists the codes',
      content: { 'application/problem+json': { schema: { $ref: refTo('Problem') } } },
    };
  }

  /** A reference where the schema has a name, or is a list of such. */
  answer(schema: z.ZodType): JsonSchema {
    const name = this.#registry.get(schema)?.id;
    if (name !== undefined) return { $ref: refTo(name) };
    const json = bare(z.toJSONSchema(schema));
    const items = schema instanceof z.ZodObject ? schema.shape['items'] : undefined;
    const item = items instanceof z.ZodArray ? items.element : undefined;
    const itemName = item instanceof z.ZodType ? this.#registry.get(item)?.id : undefined;
    if (itemName === undefined) return json;
    const list = { type: 'array', items: { $ref: refTo(itemName) } };
    return { ...json, properties: { ...(json['properties'] as JsonSchema), items: list } };
  }
}

function operationOf(door: Door, components: Components): object {
  const { summary, creates, path, query, body, isSigned, answer } = door;
  const [, parameter] = /\{(\w+)\}/.exec(path) ?? [];
  const inPath = { name: parameter, in: 'path', required: true, schema: { type: 'string' } };
  return {
    summary,
    ...(body && !isSigned && { security: [{ adminToken: [] }] }),
    parameters: [...(parameter === undefined ? [] : [inPath]), ...(query ? inQuery(query) : [])],
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: bare(z.toJSONSchema(body, { io: 'input' })) } },
      },
    }),
    responses: {
      [creates === undefined ? 200 : 201]: {
        description: creates === undefined ? 'as it is' : 'written',
        content: { 'application/json': { schema: components.answer(answer) } },
      },
      default: components.problem,
    },
  };
}

function inQuery(query: z.ZodObject): object[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function refTo(name: string): string {
  return `#/components/schemas/${name}`;
}

// In a document of its own a schema says which dialect it is and where it lives; here it does not.
function bare({ $schema: _dialect, $id: _home, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
