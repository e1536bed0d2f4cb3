import assert from 'node:assert/strict';
import type { AnySchema, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: AnySchema }> }>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

/** Farms by their origin, with what their OpenAPI document says. */
const contracts = new Map<string, Promise<Contract>>();

/**
 * `fetch`, but every answer of the API must be one that the farm's own OpenAPI document describes:
 * status, content type and, for JSON, the schema.
 */
export async function validatedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const { origin, pathname } = new URL(url);
  if (!pathname.startsWith('/api/')) return response;
  const contract = contracts.get(origin) ?? Contract.load(origin);
  contracts.set(origin, contract);
  const method = init?.method ?? 'GET';
  // What GET answers, without the body.
  if (method !== 'HEAD') await (await contract).check(method, pathname, response);
  return response;
}

class Contract {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #known = new Map<string, ValidateFunction>();

  constructor(document: Document) {
    this.#document = document;
    this.#ajv.addSchema(document, 'farm');
  }

  static async load(origin: string): Promise<Contract> {
    const response = await fetch(`${origin}/api/v1/openapi.json`);
    return new Contract((await response.json()) as Document);
  }

  async check(method: string, pathname: string, response: Response): Promise<void> {
    const what = `${method} ${pathname} answered ${response.status}`;
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    if (pathname === '/api/v1/openapi.json') return;
    const path = this.#pathOf(pathname, method);
    const operation =
      path === undefined ? undefined : this.#document.paths[path]?.[method.toLowerCase()];
    if (path === undefined || operation === undefined) {
      assert.equal(type, 'application/problem+json', `${what}, which is not described`);
      this.#validate('#/components/schemas/Problem', await response.clone().json(), what);
      return;
    }
    const status = String(response.status) in operation.responses ? response.status : 'default';
    const content = operation.responses[status]?.content;
    if (content === undefined) return;
    assert.ok(type in content, `${what} as ${type}, not as one of ${Object.keys(content).join()}`);
    if (!type.endsWith('json')) return;
    const steps = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      type,
    ];
    const pointer = [...steps, 'schema'].map(escapePointer).join('/');
    this.#validate(`#/${pointer}`, await response.clone().json(), what);
  }

  /** Fixed segments win over parameters; a parameter may reach over several, as a builder's name does. */
  #pathOf(pathname: string, method: string): string | undefined {
    return Object.keys(this.#document.paths)
      .filter((path) => method.toLowerCase() in (this.#document.paths[path] ?? {}))
      .filter((path) => patternOf(path).test(pathname))
      .toSorted((a, b) => b.length - a.length)[0];
  }

  #validate(pointer: string, value: unknown, what: string): void {
    let validate = this.#known.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `farm${pointer}` });
      this.#known.set(pointer, validate);
    }
    assert.ok(validate(value), `${what}: ${this.#ajv.errorsText(validate.errors)}`);
  }
}

function patternOf(path: string): RegExp {
  const pattern = path
    .split(/\{\w+\}/)
    .map((part) => RegExp.escape(part))
    .join(path.includes('/builders/') ? '.+' : '[^/]+');
  return new RegExp(`^${pattern}$`);
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
