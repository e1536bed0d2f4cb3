import type { Builder, Farm } from '@weir/model';
import { readFarmText } from '../../packages/master/src/farm/read-farm-file.ts';
import { type Draw, topics } from './draw.ts';

export const fleetNames = ['cpython', 'packages', 'ten-times'] as const;
export type FleetName = (typeof fleetNames)[number];

/** A farm with its machines and what goes on around it. */
export interface Fleet {
  readonly name: string;
  readonly farm: Farm;
  /** Commits on an average day, by trunk. */
  readonly commitsPerDay: ReadonlyMap<string, number>;
  readonly machines: readonly Machine[];
  /** The share of commits that break anything. */
  readonly breakingShare: number;
  /** How long a build of a builder takes where nothing is special, in milliseconds. */
  usualMs(builder: Builder, id: number): number;
  /** The engine decides no more often, in milliseconds: how long one of its rounds is taken to last. */
  readonly roundMs: number;
}

export interface Machine {
  readonly labels: readonly string[];
  readonly slots: number;
}

export interface FleetOptions {
  /** Of the whole farm. */
  readonly slots?: number | undefined;
  /** Overrides the number of projects; for tests. */
  readonly projects?: number | undefined;
}

export function fleetOf(name: FleetName, draw: Draw, options: FleetOptions = {}): Fleet {
  switch (name) {
    case 'cpython':
      return cpython(draw, options);
    case 'packages':
      return packages(name, draw, { projects: 5_000, slots: 3_750, ...given(options) });
    case 'ten-times':
      return packages(name, draw, { projects: 50_000, slots: 37_500, ...given(options) });
  }
}

function given(options: FleetOptions): { projects?: number; slots?: number } {
  return {
    ...(options.projects !== undefined && { projects: options.projects }),
    ...(options.slots !== undefined && { slots: options.slots }),
  };
}

const minute = 60_000;
/** A build is cut off after so long. */
const longestMs = 4 * 60 * minute;

/**
 * CPython's farm as its configuration had it in August 2026: 57 machines; 141 builders on main, 768
 * on six maintenance branches and 129 on pull requests, each on its own machine. A definition is a
 * platform here, and a builder builds and tests the runtime itself. One in six is a refleak builder.
 */
function cpython(draw: Draw, { slots = 114 }: FleetOptions): Fleet {
  const machines = 57;
  const branches = ['3.10', '3.11', '3.12', '3.13', '3.14', '3.15'];
  const groups = [
    { upstream: 'main', trunks: ['main'], platforms: 141 },
    { upstream: 'maintained', trunks: branches, platforms: 128 },
    { upstream: 'pull', trunks: ['requests'], platforms: 129 },
  ];
  const platform = (index: number): string => `p${index}`;
  const farm = readFarm(
    JSON.stringify({
      farm: 'CPython',
      platforms: Object.fromEntries(
        Array.from({ length: 141 }, (_, n) => [platform(n), [`machine-${n % machines}`]]),
      ),
      upstreams: Object.fromEntries(
        groups.map(({ upstream, trunks, platforms }) => [
          upstream,
          {
            repository: `https://git.example/${upstream}`,
            trunks: Object.fromEntries(
              trunks.map((trunk) => [trunk, { 'stable-for': '30s', 'max-wait': '10m' }]),
            ),
            platforms: Array.from({ length: platforms }, (_, n) => platform(n)),
            steps: [{ build: 'make' }, { test: 'make buildbottest' }],
          },
        ]),
      ),
    }),
  );
  const perMachine = Math.max(1, Math.round(slots / machines));
  return {
    name: 'cpython',
    farm,
    commitsPerDay: new Map([
      ['main/main', 30],
      ...branches.map((branch): [string, number] => [
        `maintained/${branch}`,
        branch > '3.13' ? 10 : 1,
      ]),
      ['pull/requests', 5],
    ]),
    machines: Array.from({ length: machines }, (_, n) => ({
      labels: [`machine-${n}`],
      slots: perMachine,
    })),
    breakingShare: 0.1,
    usualMs(builder) {
      const definition = Number(builder.platform.slice(1));
      const isRefleak = definition % 6 === 5;
      const median = isRefleak ? 150 * minute : 18 * minute;
      return Math.min(longestMs, median * Math.exp(0.4 * draw.normal(topics.usual, definition)));
    },
    roundMs: 20,
  };
}

/** Packages of one trunk's ecosystem, each tested on three platforms with every commit. */
function packages(name: string, draw: Draw, size: { projects: number; slots: number }): Fleet {
  const platforms = ['linux-x64', 'linux-arm64', 'macos-arm64'];
  const base = readFarm(
    JSON.stringify({
      farm: 'Packages',
      platforms: Object.fromEntries(platforms.map((platform) => [platform, platform.split('-')])),
      upstreams: {
        cpython: {
          repository: 'https://git.example/cpython',
          trunks: { main: { 'stable-for': '0s', 'max-wait': '1m' } },
          steps: [{ build: 'make' }],
        },
      },
      projects: { package: { trunks: ['cpython/main'], steps: [{ test: 'test' }] } },
    }),
  );
  const one = base.projects.get('package');
  if (one === undefined) throw new Error('the farm file names its package');
  const names = Array.from({ length: size.projects }, (_, n) => `package-${n}`);
  const slots = 4;
  return {
    name,
    farm: { ...base, projects: new Map(names.map((each) => [each, { ...one, name: each }])) },
    commitsPerDay: new Map([['cpython/main', 30]]),
    machines: platforms.flatMap((platform) =>
      Array.from(
        { length: Math.max(1, Math.round(size.slots / slots / platforms.length)) },
        () => ({
          labels: platform.split('-'),
          slots,
        }),
      ),
    ),
    breakingShare: 0.3,
    usualMs(builder) {
      if (builder.project === null) return 4 * minute;
      // PkgEval's mean is 156 s a package: a median of a minute and this deviation have that mean.
      const index = Number(builder.project.slice('package-'.length));
      return Math.min(longestMs, minute * Math.exp(1.38 * draw.normal(topics.usual, index)));
    },
    roundMs: size.projects > 10_000 ? 200 : 50,
  };
}

/** JSON is YAML: the farm file's own reader fills in all defaults. */
function readFarm(text: string): Farm {
  const reading = readFarmText(text, 'farm.yaml');
  if (!reading.ok) throw new Error(`the farm file is wrong: ${JSON.stringify(reading)}`);
  return reading.farm;
}
