import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

/** One connection that is kept, as a script or a browser has it; requests wait for one another. */
export class HttpClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #base: string;
  readonly #token: string | null;

  /** @param token null: asks as a visitor does */
  constructor(base: string, token: string | null) {
    this.#base = base;
    this.#token = token;
  }

  async get(path: string): Promise<unknown> {
    return JSON.parse(String(await this.#send('GET', path)));
  }

  async post(path: string, body: unknown): Promise<unknown> {
    return JSON.parse(String(await this.#send('POST', path, JSON.stringify(body))));
  }

  /** Fetches something large without keeping it. */
  async drain(path: string): Promise<{ firstByteS: number; seconds: number; bytes: number }> {
    const start = performance.now();
    let firstByteS = 0;
    let bytes = 0;
    await this.#stream('GET', path, undefined, (chunk) => {
      if (bytes === 0) firstByteS = (performance.now() - start) / 1_000;
      bytes += chunk.length;
    });
    return { firstByteS, seconds: (performance.now() - start) / 1_000, bytes };
  }

  async #send(method: string, path: string, body?: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await this.#stream(method, path, body, (chunk) => chunks.push(chunk));
    return Buffer.concat(chunks);
  }

  #stream(
    method: string,
    path: string,
    body: string | undefined,
    onChunk: (chunk: Buffer) => void,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const headers = {
      ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const asked = request(new URL(path, this.#base), { method, agent: this.#agent, headers });
    asked.on('error', reject);
    asked.on('response', (response) => {
      response.on('error', reject);
      if ((response.statusCode ?? 500) < 300) {
        response.on('data', onChunk);
        response.on('end', resolve);
        return;
      }
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => {
        reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    asked.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
