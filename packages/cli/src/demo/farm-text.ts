import process from 'node:process';
import { ada, ines, jun, kofi, priya, tomasz } from './authors.ts';
import type { Author } from './git.ts';
import { demoAddress, type DemoName, type DemoRepositories } from './repositories.ts';

const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' };

/** The label that each of the demo's platforms asks for beside the system's own. */
export const demoPlatforms = ['full', 'small'] as const;

/** The demo's farm file: one language on two platforms, four projects, and short timers. */
export function demoFarmText(
  { remotes }: DemoRepositories,
  { indexUrl, introduction }: { indexUrl: string; introduction: readonly string[] },
): string {
  const system = systems[process.platform] ?? process.platform;
  return `# The farm of \`weir start\`. Its repositories are made on the spot.
farm: Weir demo

introduction: |
${introduction.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}

platforms:
  full: [${system}, full]
  # Stands for machines with little memory: Pebble is built otherwise for them.
  small: [${system}, small]

upstreams:
  pebble:
    repository: ${demoAddress('pebble')}
    trunks:
      main: { poll: 1s, stable-for: 1s, max-wait: 10s }
    tier: 1
    steps:
      - build: sh build.sh "$WEIR_RUNTIME" "$WEIR_PLATFORM"
      - test: sh test/run.sh
    notify: [${ada.email}, ${jun.email}]

projects:
${project('roman', priya, [test, install])}
${project('mosaic', tomasz, [test, install])}
${project('dice', kofi, [test, install, published], indexUrl)}
${project('sundial', ines, [needs, test, install], indexUrl)}
notify:
  from: Weir demo <weir@example.org>
  gather: 10s

limits:
  log: 1MiB
  disk: 64MiB

remotes:
${[...remotes].map(([address, folder]) => `  ${address}: ${JSON.stringify(folder)}\n`).join('')}`;
}

const needs = '{ name: needs, run: pebble install --needs ., network: true, install: true }';
const test = '{ name: test, run: pebble test, report: tap }';
const install = '{ name: install, run: pebble install ., install: true }';
const published = '{ name: published, run: sh test/published.sh, network: true }';

function project(
  name: DemoName,
  author: Author,
  steps: readonly string[],
  indexUrl?: string,
): string {
  return `  ${name}:
    repository: ${demoAddress(name)}
    poll: 1s
    stable-for: 1s
    max-wait: 10s
    trunks: [pebble/main]
    notify: [${author.email}]${indexUrl === undefined ? '' : `\n    env: { PEBBLE_INDEX: '${indexUrl}' }`}
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}`;
}
