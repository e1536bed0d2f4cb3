import process from 'node:process';
import { demoAddress, type DemoRepositories } from './repositories.ts';

const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' };

/** The demo's farm file: one language with two trunks, two projects, and short timers. */
export function demoFarmText({ remotes }: DemoRepositories): string {
  const system = systems[process.platform] ?? process.platform;
  return `# The farm of \`weir start\`. Its repositories are made on the spot.
farm: Weir demo

platforms:
  ${system}: [${system}]

upstreams:
  pebble:
    repository: ${demoAddress('pebble')}
    trunks:
      main: { poll: 2s, stable-for: 3s, max-wait: 20s }
      1.x: { poll: 10s, stable-for: 3s, max-wait: 20s }
    tier: 1
    steps:
      - build: sh build.sh "$WEIR_RUNTIME"
      - test: sh test/run.sh

projects:
  roman:
    repository: ${demoAddress('roman')}
    poll: 2s
    stable-for: 3s
    max-wait: 20s
    trunks: [pebble/main, pebble/1.x]
    steps:
      - test: sh test/run.sh
  mosaic:
    repository: ${demoAddress('mosaic')}
    poll: 2s
    stable-for: 3s
    max-wait: 20s
    trunks: [pebble/main, pebble/1.x]
    steps:
      - test: sh test/run.sh

limits:
  log: 1MiB
  disk: 64MiB

remotes:
${[...remotes].map(([address, folder]) => `  ${address}: ${JSON.stringify(folder)}\n`).join('')}`;
}
