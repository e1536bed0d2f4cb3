// Builds the program into dist/: `npm run build`. What runs from there starts twice as fast as from
// the sources, and needs no node_modules. With --if-older only when a source is younger.
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { BuildOptions, OutputFile, Plugin } from 'esbuild';
import {
  makeAgent,
  makeAssets,
  optionalOfWs,
  requireBanner,
} from '../packages/master/src/web/server/make-bundles.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Written last. */
const program = join(dist, 'weir.mjs');

const boardFiles = join(root, 'node_modules/@bull-board/ui/dist');
const demoSources = join(root, 'packages/cli/src/demo/repositories');

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  banner: { js: requireBanner },
  logLevel: 'warning',
  write: false,
} as const satisfies BuildOptions;

/** A thread is started by its file's name, beside the module that starts it. */
const threads = [
  'packages/master/src/web/thread-main.ts',
  'packages/master/src/builds/logs/writer-thread.ts',
  'packages/master/src/builds/logs/postgres/postgres-writer-thread.ts',
  'packages/master/src/builds/objects/look-thread.ts',
];
const threadUrl = /new URL\('\.\/(?:[\w-]+\/)*([\w-]+)\.ts', import\.meta\.url\)/g;

const threadNames: Plugin = {
  name: 'threads by the names that they have in dist',
  setup(build) {
    build.onLoad({ filter: /packages\/master\/src\/.*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replaceAll(threadUrl, (_, name: string) => {
        if (!threads.some((thread) => thread.endsWith(`/${name}.ts`))) {
          throw new Error(`${path} starts the thread ${name}.ts, which is not built: name it here`);
        }
        return `new URL('./${name}.mjs', import.meta.url)`;
      });
      return { contents, loader: 'ts' };
    });
  },
};

/** The worker is a file of its own: it starts itself, once for each slot. */
const workerApart: Plugin = {
  name: 'the worker apart',
  setup(build) {
    build.onResolve({ filter: /^@weir\/worker$/ }, () => ({
      path: './worker.mjs',
      external: true,
    }));
  },
};

async function isOlder(): Promise<boolean> {
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = [glob('packages/*/{package.json,src/**}', { cwd: root }), ['package-lock.json']];
  for (const names of sources) {
    for await (const name of names) {
      if (statSync(join(root, name)).mtimeMs > built) return true;
    }
  }
  return false;
}

/** Makes everything before it writes anything: whoever starts the program meanwhile finds one whole. */
async function buildAll(): Promise<void> {
  const { build } = await import('esbuild');
  const [worker, weir, agent, assets] = await Promise.all([
    build({
      ...common,
      entryPoints: ['packages/worker/src/program.ts'],
      outfile: 'dist/worker.mjs',
      external: optionalOfWs,
    }),
    build({
      ...common,
      entryPoints: [{ in: 'packages/cli/src/main.ts', out: 'weir' }, ...threads],
      entryNames: '[name]',
      outdir: 'dist',
      splitting: true,
      plugins: [threadNames, workerApart],
      // What it is for is in dist/public; the native half of pg is one more way to do the same.
      external: [...optionalOfWs, 'esbuild', 'pg-native'],
    }),
    makeAgent(),
    makeAssets(),
  ]);
  const files = new Map([...weir.outputFiles, ...worker.outputFiles].map(toFile));
  files.set(join(dist, 'public/weir-worker.mjs'), agent);
  for (const [name, bytes] of assets) files.set(join(dist, 'public/assets', name), bytes);
  const isAsked = !process.argv.includes('--if-older');
  // A farm that runs may load parts of the program yet that it was started from.
  if (isAsked) rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, 'public/assets'), { recursive: true });
  cpSync(demoSources, join(dist, 'repositories'), { recursive: true });
  cpSync(boardFiles, join(dist, 'bull-board/dist'), { recursive: true });
  for (const path of [...files.keys()].filter((name) => name !== program)) write(path, files);
  write(program, files);
}

function toFile({ path, contents }: OutputFile): [string, Uint8Array] {
  return [path, contents];
}

function write(path: string, files: ReadonlyMap<string, Uint8Array>): void {
  writeFileSync(`${path}.new`, files.get(path) ?? '', { mode: path === program ? 0o755 : 0o644 });
  renameSync(`${path}.new`, path);
}

if (!process.argv.includes('--if-older') || (await isOlder())) await buildAll();
