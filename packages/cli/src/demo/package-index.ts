import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { demoNames, type DemoName, type DemoRepositories } from './repositories.ts';

/**
 * Pebble's package index: the projects' repositories by git's plain HTTP, on loopback. Only what
 * git itself asks for is served.
 */
export class PackageIndex implements AsyncDisposable {
  readonly #server: Server;
  readonly #folders: DemoRepositories['folders'];
  #busyFor: DemoName | undefined;

  private constructor(folders: DemoRepositories['folders']) {
    this.#folders = folders;
    this.#server = createServer((request, response) => {
      this.#answer(request.url ?? '', response).catch(() => response.destroy());
    });
  }

  static async start({ folders }: DemoRepositories): Promise<PackageIndex> {
    const index = new PackageIndex(folders);
    await once(index.#server.listen(0, '127.0.0.1'), 'listening');
    return index;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next who asks for this project is told to come again: what a busy server does. */
  refuseOnce(name: DemoName): void {
    this.#busyFor = name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const [, asked, path] =
      /^\/([a-z]+)\.git\/(HEAD|info\/refs|objects\/[\w/.-]+)(?:\?[^?]*)?$/.exec(url) ?? [];
    const name = demoNames.find((known) => known === asked);
    if (name === undefined || path === undefined || path.includes('..')) {
      response.writeHead(404).end();
      return;
    }
    if (this.#busyFor === name) {
      this.#busyFor = undefined;
      response.writeHead(503, { 'retry-after': '5' }).end();
      return;
    }
    const file = join(this.#folders[name], '.git', path);
    const facts = await stat(file).catch(() => undefined);
    if (facts?.isFile() !== true) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': facts.size });
    await pipeline(createReadStream(file), response);
  }
}
