import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactPolicy } from '@weir/protocol';
import { GitRepository } from './git-repository.ts';

/** A tiny language (a shell script that runs programs) and a project in it, as real repositories. */
export interface SmallFarm extends AsyncDisposable {
  readonly lang: GitRepository;
  readonly app: GitRepository;
  readonly remotes: ReadonlyMap<string, string>;
  /** The farm file, with the steps of the project. */
  farm(options?: SmallFarmOptions): string;
}

export interface SmallFarmOptions {
  /** The project's steps, as YAML lines without indentation. */
  readonly steps?: readonly string[];
  readonly artifacts?: ArtifactPolicy;
  /** How the runtime is built, as one line of shell. */
  readonly build?: string;
  /** More projects, as YAML of the map of projects. */
  readonly beside?: string;
  /** More lines at the top level of the farm file. */
  readonly extra?: string;
}

const langUrl = 'https://git.example/lang';
const appUrl = 'https://git.example/app';

export async function createSmallFarm(): Promise<SmallFarm> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-repos-'));
  const lang = await GitRepository.create(join(dir, 'lang'));
  await lang.commit({
    message: 'A language that says hello',
    files: { 'lang.sh': '#!/bin/sh\necho "lang 1 runs $1"\n. "$1"\n' },
  });
  const app = await GitRepository.create(join(dir, 'app'));
  await app.commit({
    message: 'A program',
    author: 'Bo Test <bo@example.test>',
    files: { 'app.txt': 'echo "the program works"\n' },
  });
  return {
    lang,
    app,
    remotes: new Map([
      [langUrl, lang.path],
      [appUrl, app.path],
    ]),
    farm: ({
      steps = ['- test: lang ./app.txt'],
      artifacts = 'same-worker',
      build = 'mkdir -p "$WEIR_RUNTIME/bin" && cp lang.sh "$WEIR_RUNTIME/bin/lang" && chmod +x "$WEIR_RUNTIME/bin/lang"',
      beside = '',
      extra = '',
    } = {}) => `farm: Test farm
platforms:
  here: [linux]
upstreams:
  lang:
    repository: ${langUrl}
    trunks:
      main: { poll: 1s, stable-for: 0s, max-wait: 1s }
    steps:
      - build: |
          ${build}
projects:
  app:
    repository: ${appUrl}
    poll: 1s
    stable-for: 0s
    max-wait: 1s
    trunks: [lang/main]
    steps:
${steps.map((line) => `      ${line}\n`).join('')}${beside}artifacts: ${artifacts}
${extra}`,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Names of the two builders of the small farm. */
export const runtimeBuilder = 'lang/main/here';
export const appBuilder = 'lang/main/app/here';
