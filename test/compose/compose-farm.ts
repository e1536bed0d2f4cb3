import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requestSchema } from '@weir/protocol';
import { parse } from 'yaml';
import { z } from 'zod';
import { freePort } from '../support/free-port.ts';
import { GitRepository } from '../support/git-repository.ts';
import { EventTail } from './event-tail.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const composeSchema = z.object({
  services: z.record(z.string(), z.object({ restart: z.string() })),
});
const maxBuffer = 64 * 1024 * 1024;

export const runtimeBuilder = 'lang/main/here';
export const appBuilder = 'lang/main/app/here';

/** Of docker-compose.yml, but for what ends by itself. */
export function servicesThatRun(): string[] {
  const file: unknown = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), {
    merge: true,
  });
  const { services } = composeSchema.parse(file);
  return Object.keys(services).filter((name) => services[name]?.restart !== 'no');
}

/** A farm as docker-compose.yml has it, from images that are made here. */
export class ComposeFarm implements AsyncDisposable {
  readonly url: string;
  readonly events: EventTail;
  readonly #dir: string;
  readonly #project: string;
  readonly #env: NodeJS.ProcessEnv;
  #token = '';

  private constructor(dir: string, port: number, env: NodeJS.ProcessEnv) {
    this.#dir = dir;
    this.#project = `weir-test-${process.pid}`;
    this.#env = env;
    this.url = `http://127.0.0.1:${port}`;
    this.events = new EventTail(this.url);
  }

  /** `docker compose up`, and all that this needs. */
  static async up(): Promise<ComposeFarm> {
    const { stdout } = await run(join(root, 'test/docker/compose-image.sh'), { cwd: root });
    const image = stdout.trim();
    const dir = await makeFarmFolder();
    const port = await freePort();
    const images = ['NODE', 'POSTGRES', 'REDIS', 'PROXY', 'MAIL'];
    const farm = new ComposeFarm(dir, port, {
      ...process.env,
      ...Object.fromEntries(images.map((name) => [`${name}_IMAGE`, image])),
      WEIR_VERSION: 'test',
      WEIR_FARM_FOLDER: dir,
      WEIR_ADDRESS: `127.0.0.1:${port}`,
      WEIR_MAIL_ADDRESS: `127.0.0.1:${await freePort()}`,
      WEIR_TEST_USER: `${process.getuid?.()}:${process.getgid?.()}`,
      // Compose v1 builds by itself: Docker's command line may lack a builder.
      COMPOSE_DOCKER_CLI_BUILD: '0',
    });
    farm.#downWhenTold();
    try {
      await farm.compose('up', '--detach', '--build');
      farm.#token = (
        await farm.compose('exec', '-T', 'engine-1', 'cat', '/run/secrets/admin-token')
      ).trim();
    } catch (error) {
      await farm[Symbol.asyncDispose]();
      throw error;
    }
    return farm;
  }

  /** Runs `docker compose`; what it printed. */
  async compose(...args: string[]): Promise<string> {
    const { stdout } = await run('docker', this.#command(args), {
      cwd: root,
      env: this.#env,
      maxBuffer,
    });
    return stdout;
  }

  /** kill -9 of a container's first process, and so of all in it. Resolves when it has been started again. */
  async crash(service: string): Promise<void> {
    const id = (await this.compose('ps', '-q', service)).trim();
    const { stdout } = await run('docker', ['inspect', '--format', '{{.State.Pid}}', id]);
    const filters = ['--filter', `container=${id}`, '--filter', 'event=start'];
    const heard = spawn('docker', ['events', '--since', String(Date.now() / 1000), ...filters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.kill(Number(stdout), 'SIGKILL');
    await once(heard.stdout, 'data');
    heard.kill();
  }

  /** Puts another container in the place of one, as an upgrade does; resolves when that is healthy. */
  async replace(service: string): Promise<void> {
    await this.compose('up', '--detach', '--no-deps', '--force-recreate', service);
    const id = (await this.compose('ps', '-q', service)).trim();
    while ((await healthOf(id)) !== 'healthy') await delay(200);
  }

  /** Resolves when a container has printed this. */
  async printed(service: string, text: string): Promise<void> {
    const id = (await this.compose('ps', '-q', service)).trim();
    const logs = spawn('docker', ['logs', '--follow', id], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface({ input: logs.stdout })) {
      if (line.includes(text)) break;
    }
    logs.kill();
  }

  /** Forces a build; the request's id. */
  async force(builder: string): Promise<number> {
    const answer = await this.post('/api/v1/requests', { builder, reason: 'a build of the test' });
    return requestSchema.parse(await answer.json()).id;
  }

  get(path: string): Promise<Response> {
    return this.#ask(path, {});
  }

  post(path: string, body: unknown): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      'content-type': 'application/json',
    };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Asks as people do, who try again while the farm is out of reach. */
  async #ask(path: string, init: RequestInit): Promise<Response> {
    for (;;) {
      const signal = AbortSignal.timeout(10_000);
      const response = await fetch(new URL(path, this.url), { ...init, signal }).catch(() => null);
      if (response?.ok === true) return response;
      if (response !== null && response.status < 500) {
        throw new Error(`${path}: ${response.status} ${await response.text()}`);
      }
      await delay(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.events[Symbol.dispose]();
    await this.compose('down', '--volumes', '--remove-orphans', '--timeout', '1');
    await rm(this.#dir, { recursive: true, force: true });
  }

  #command(args: readonly string[]): string[] {
    const files = ['docker-compose.yml', 'test/compose/compose.yaml'];
    const named = files.flatMap((file) => ['--file', file]);
    return ['compose', '--project-name', this.#project, ...named, ...args];
  }

  /** A test that is ended from outside leaves nothing behind either. */
  #downWhenTold(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        const args = this.#command(['down', '--volumes', '--timeout', '1']);
        execFileSync('docker', args, { cwd: root, env: this.#env, stdio: 'ignore' });
        process.exit(1);
      });
    }
  }
}

async function healthOf(id: string): Promise<string> {
  const format = '{{.State.Health.Status}}';
  const { stdout } = await run('docker', ['inspect', '--format', format, id]);
  return stdout.trim();
}

/** A farm file, and the repositories that it follows: all that the containers see of this machine. */
async function makeFarmFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-compose-'));
  await chmod(dir, 0o755);
  const lang = await GitRepository.create(join(dir, 'lang'));
  await lang.commit({
    message: 'A language that says hello',
    files: { 'lang.sh': '#!/bin/sh\necho "lang 1 runs $1"\n. "$1"\n' },
  });
  const app = await GitRepository.create(join(dir, 'app'));
  await app.commit({ message: 'A program', files: { 'app.txt': 'echo "the program works"\n' } });
  await writeFile(join(dir, 'farm.yaml'), farmFile);
  return dir;
}

/** The runtime comes in three pieces, and a build of the project lasts long enough for a crash. */
const farmFile = `farm: Farm of containers
worker-url: /worker
notify: { from: Farm <farm@example.test> }
remotes:
  https://git.example/lang: lang
  https://git.example/app: app
platforms:
  here: [linux]
upstreams:
  lang:
    repository: https://git.example/lang
    trunks:
      main: { poll: 1s, stable-for: 0s, max-wait: 1s }
    steps:
      - build: |
          mkdir -p "$WEIR_RUNTIME/bin" && cp lang.sh "$WEIR_RUNTIME/bin/lang" && chmod +x "$WEIR_RUNTIME/bin/lang"
          head -c 20000000 /dev/urandom >"$WEIR_RUNTIME/ballast"
projects:
  app:
    repository: https://git.example/app
    poll: 1s
    stable-for: 0s
    max-wait: 1s
    trunks: [lang/main]
    steps:
      - test: sleep 2; lang ./app.txt
`;
