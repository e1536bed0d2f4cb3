import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { GitRepository } from '../support/git-repository.ts';
import { MailServer } from '../support/mail-server.ts';
import { Service } from './process.ts';
import { ledgerStep, projects } from './scripts.ts';
import { TlsFront } from './tls-front.ts';
import { Tmpfs } from './tmpfs.ts';
import { Wire } from './wire.ts';

export const token = 'token-of-chaos';
const langUrl = 'https://git.example/lang';

export interface ChaosWorker {
  readonly name: string;
  readonly dataDir: string;
  readonly slots: number;
  readonly service: Service;
  /** Its own small disk, if it has one. */
  readonly disk: Tmpfs | undefined;
}

/** A whole farm of real processes, with everything between them in the hands of chaos. */
export interface ChaosFarm extends AsyncDisposable {
  readonly dir: string;
  readonly ledgers: string;
  readonly url: string;
  readonly master: Service;
  readonly masterDisk: Tmpfs | undefined;
  readonly workers: readonly ChaosWorker[];
  readonly wire: Wire;
  readonly mails: MailServer;
  readonly lang: GitRepository;
  /** The wall clock of the master, as libfaketime reads it: `+3600` is an hour ahead. Null without it. */
  readonly clock: string | null;
  /** Leaves the folder in place when the farm is disposed of. */
  keep: boolean;
}

/** Starts a farm and its workers; they are accepted when this resolves. */
export async function startFarm(workerCount: number): Promise<ChaosFarm> {
  await using disposing = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'weir-chaos-'));
  const kept = { keep: false };
  disposing.defer(async () => {
    if (!kept.keep) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const ledgers = join(dir, 'ledgers');
  mkdirSync(ledgers);
  const mails = disposing.use(await MailServer.start());
  const lang = await GitRepository.create(join(dir, 'lang'));
  await commitMode(lang, 'good');
  const isRoot = process.getuid?.() === 0;
  const disk = (path: string, mebibytes: number): Tmpfs | undefined =>
    isRoot ? disposing.use(new Tmpfs(path, mebibytes)) : undefined;

  const ports = { web: await freePort(), worker: await freePort() };
  const front = disposing.use(await TlsFront.start(dir, () => ports.worker));
  const wire = disposing.use(await Wire.start(() => front.port));
  const farmPath = join(dir, 'farm.yaml');
  writeFileSync(farmPath, farmText({ ledgers, wirePort: wire.port, smtp: mails.url }));
  const data = join(dir, 'farm');
  const masterDisk = disk(data, 600);
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  const clock = library === undefined ? null : join(dir, 'clock');
  if (clock !== null) writeFileSync(clock, '+0');
  const url = `http://127.0.0.1:${ports.web}`;
  const remote = `${langUrl}=${lang.path}`;
  const master = disposing.use(
    new Service({
      args: () =>
        ['master', '--json', '--farm', farmPath, '--data', data, '--remote', remote].concat([
          '--port',
          String(ports.web),
          '--worker-port',
          String(ports.worker),
        ]),
      env: {
        WEIR_ADMIN_TOKEN: token,
        ...(clock !== null && {
          LD_PRELOAD: library ?? '',
          FAKETIME_TIMESTAMP_FILE: clock,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        }),
      },
      log: join(dir, 'master.log'),
    }),
  );
  master.start();
  const fingerprint = await untilUp(url);
  const workers: ChaosWorker[] = [];
  for (let index = 0; index < workerCount; index += 1) {
    const name = `w${index}`;
    const dataDir = join(dir, name);
    const workerDisk = index < 3 ? disk(dataDir, 200) : undefined;
    const slots = 1 + (index % 2);
    const join_ = ['worker', 'join', url, '--name', name, '--slots', String(slots)].concat(
      ['--key', fingerprint, '--data', dataDir, '--sandbox', 'none', '--min-free', '0.02'],
      ['--owner', `${name}@example.test`, '--remote', remote],
      ['--invite', await invite(url)],
    );
    let hasJoined = false;
    const service: Service = disposing.use(
      new Service({
        args: () => (hasJoined ? ['worker', 'run', '--data', dataDir] : join_),
        env: { NODE_EXTRA_CA_CERTS: front.certificate },
        log: join(dir, `${name}.log`),
        heard: (line) => {
          hasJoined ||= line.includes('connected to');
        },
      }),
    );
    service.start();
    workers.push({ name, dataDir, slots, service, disk: workerDisk });
  }
  await untilOnline(url, workerCount);
  const running = disposing.move();
  return {
    dir,
    ledgers,
    url,
    master,
    masterDisk,
    workers,
    wire,
    mails,
    lang,
    clock,
    get keep() {
      return kept.keep;
    },
    set keep(keep) {
      kept.keep = keep;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A commit of the language under which the sensitive project passes, or fails. */
export async function commitMode(lang: GitRepository, mode: 'good' | 'bad'): Promise<void> {
  const status = mode === 'good' ? 0 : 1;
  const script = `#!/bin/sh\necho "this is $1 under a ${mode} language"\nexit ${status}\n`;
  await lang.commit({ message: `A ${mode} language`, files: { 'lang.sh': script } });
}

function farmText(of: { ledgers: string; wirePort: number; smtp: string }): string {
  const steps = (script: string): string =>
    `    steps:\n      - test: |\n${script.replaceAll(/^/gm, '          ')}\n`;
  return `farm: Chaos
worker-url: wss://127.0.0.1:${of.wirePort}/worker
limits: { log: 1MiB, max-attempts: 100, reattach-within: 20s, event-retention: 3650d }
notify: { gather: 5s, to: [all@example.test], smtp: '${of.smtp}' }
platforms:
  here: [linux]
upstreams:
  lang:
    repository: ${langUrl}
    trunks:
      main: { poll: 2s, stable-for: 0s, max-wait: 1s }
    steps:
      - build: |
          mkdir -p "$WEIR_RUNTIME/bin"
          cp lang.sh "$WEIR_RUNTIME/bin/lang"
          chmod +x "$WEIR_RUNTIME/bin/lang"
projects:
${projects.map((project) => `  ${project.name}:\n    trunks: [lang/main]\n${steps(ledgerStep(of.ledgers, project))}`).join('')}`;
}

async function invite(url: string): Promise<string> {
  const response = await fetch(new URL('/api/v1/invitations', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'chaos', trust: 'normal' }),
  });
  const { code } = (await response.json()) as { code: string };
  return code;
}

async function untilUp(url: string): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(new URL('/.well-known/weir', url));
      return ((await response.json()) as { fingerprint: string }).fingerprint;
    } catch {
      await sleep(100);
    }
  }
}

async function untilOnline(url: string, count: number): Promise<void> {
  for (;;) {
    const farm = (await (await fetch(new URL('/api/v1/farm', url))).json()) as {
      workersOnline: number;
    };
    if (farm.workersOnline >= count) return;
    await sleep(200);
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
