import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { DemoWorker } from './demo-worker.ts';
import { demoFarmText, demoPlatforms } from './farm-text.ts';
import { pageIntroduction, terminalIntroduction, type Progress } from './introduction.ts';
import { Pace } from './pace.ts';
import { PackageIndex } from './package-index.ts';
import { playDemo } from './play.ts';
import { createDemoRepositories, type DemoRepositories } from './repositories.ts';
import { stories, type Story } from './scenes.ts';

export interface DemoOptions {
  readonly port: number;
  readonly workerPort: number;
  /** Before each commit of the first story. */
  readonly firstPauseMs: number;
  /** Before each of the others. */
  readonly pauseMs: number;
}

const workers = { full: 'rill', small: 'brook' } as const;

/** Runs the demo until Ctrl-C or SIGTERM. Resolves with the exit status. */
export async function startDemo(options: DemoOptions): Promise<number> {
  const { port, workerPort, firstPauseMs, pauseMs } = options;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());

  await using disposing = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'weir-demo-'));
  disposing.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  say('Making a small language, Pebble, and four projects written in it ...');
  const repositories = await createDemoRepositories(join(dir, 'repositories'));
  const index = disposing.use(await PackageIndex.start(repositories));
  const farmPath = join(dir, 'farm.yaml');
  const writeFarm = (progress: Progress): Promise<void> => {
    const introduction = pageIntroduction(progress);
    return writeFile(farmPath, demoFarmText(repositories, { indexUrl: index.url, introduction }));
  };
  await writeFarm(undefined);

  const { startMaster, stderrLog } = await import('@weir/master');
  const master = await startMaster({
    databaseUrl: null,
    name: 'demo',
    farmPath,
    farmRepository: null,
    dataDir: join(dir, 'farm'),
    host: '127.0.0.1',
    port,
    workerPort,
    redisUrl: null,
    remotes: new Map(),
    adminToken: process.env['WEIR_ADMIN_TOKEN'] || null,
    resetAdminToken: false,
    objectsUrl: null,
    log: { ...stderrLog(), info: () => {} },
    logFormat: 'text',
  });
  disposing.defer(() => master.stop());
  const sandbox = await sandboxHere(join(dir, 'etc'));
  const accept = async (worker: string, fingerprint: string, label: string): Promise<void> => {
    await master.engine.command('demo', {
      t: 'accept',
      worker,
      fingerprint,
      labels: [label],
      trust: 'trusted',
      reason: 'a worker of the demo',
    });
  };
  const url = `http://127.0.0.1:${master.port}/`;
  for (const platform of demoPlatforms) {
    disposing.use(startWorker(platform, { dir, sandbox, url, repositories, accept }));
  }
  const { adminToken } = master;
  const isSandboxed = sandbox !== 'none';
  const canPressEnter = process.stdin.isTTY;
  for (const line of terminalIntroduction({
    url,
    adminToken,
    isSandboxed,
    pauseMs,
    canPressEnter,
  })) {
    say(line);
  }

  const lines = createInterface({ input: process.stdin });
  disposing.defer(() => lines.close());
  const pace = new Pace(lines, stop.signal);
  const tell = async (progress: Progress): Promise<void> => {
    await writeFarm(progress);
    await master.reload();
  };
  let told: Story | undefined;
  const playing = playDemo({
    repositories,
    index,
    isTime: (story) => pace.next(story === stories[0] ? firstPauseMs : pauseMs),
    onScene: async ({ repository, author, message }, story) => {
      if (story !== told) {
        say(`\n  ${story.title}: ${story.watch}`);
        told = story;
        await tell(story);
      }
      say(
        `    ${new Date().toTimeString().slice(0, 8)}  ${author.name} to ${repository}: ${message}`,
      );
    },
  }).then(async (isOver) => {
    if (!isOver) return;
    await tell('over');
    say('\n  That was all. The farm goes on: look around, force builds. Ctrl-C ends it.');
  });
  await Promise.race([
    stop.signal.aborted || once(stop.signal, 'abort'),
    // A play that fails ends the demo; one that is over does not.
    Promise.all([playing, once(stop.signal, 'abort')]),
    master.failed,
  ]);
  say('\nStopping ...');
  stop.abort();
  await playing;
  return 0;
}

interface WorkerPlace {
  readonly dir: string;
  readonly sandbox: 'bubblewrap' | 'none';
  /** The farm's web address. */
  readonly url: string;
  /** Whoever runs the demo accepts its own workers. */
  readonly accept: (worker: string, fingerprint: string, label: string) => Promise<void>;
  readonly repositories: DemoRepositories;
}

function startWorker(
  platform: (typeof demoPlatforms)[number],
  { dir, sandbox, url, repositories, accept }: WorkerPlace,
): DemoWorker {
  const name = workers[platform];
  return new DemoWorker(name, {
    url,
    dataDir: join(dir, name),
    sandbox,
    remotes: repositories.remotes,
    asked: (fingerprint) => accept(name, fingerprint, platform),
    failed: (why) => say(`worker ${name}: ${why}`),
  });
}

/** Bubblewrap where it works; the demo's own programs may do without, and the page then says so. */
async function sandboxHere(etcDir: string): Promise<'bubblewrap' | 'none'> {
  const { detectSandbox, NoSandboxError } = await import('@weir/worker');
  try {
    return detectSandbox(undefined, etcDir).kind;
  } catch (error) {
    if (error instanceof NoSandboxError) return 'none';
    throw error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
