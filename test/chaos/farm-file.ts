import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { StepKind } from './script.ts';

/** What a run of the farm under test is told apart by; in the environment of every process of it. */
export const markVariable = 'CHAOS_RUN';

export interface FarmFileOptions {
  readonly mark: string;
  readonly ledgers: string;
  readonly compileCache: string;
  readonly mailUrl: string;
  readonly workerUrl: string;
}

interface Project {
  readonly steps: readonly (readonly [kind: StepKind, options?: string])[];
  readonly hasRepository?: boolean;
  readonly trunks?: readonly string[];
}

const bothTrunks = ['lang/main', 'lang/next'];

/** The projects under test: one for each way in which a build may come to its end. */
const projects: Readonly<Record<string, Project>> = {
  moody: { steps: [['words'], ['lines']], hasRepository: true, trunks: bothTrunks },
  calm: { steps: [['words']], hasRepository: true },
  lines: { steps: [['lines']], trunks: bothTrunks },
  bytes: { steps: [['bytes'], ['bytes'], ['words']] },
  flood: { steps: [['flood']] },
  slow: { steps: [['slow']], trunks: bothTrunks },
  tree: { steps: [['tree']] },
  flaky: { steps: [['words'], ['flaky']] },
  hang: { steps: [['hang', 'timeout: 6s']] },
  silent: { steps: [['words'], ['hang', 'silence: 5s']] },
  signal: { steps: [['signal']] },
};

export const langUrl = 'https://git.chaos.test/lang';

export function repositoryUrl(project: string): string {
  return `https://git.chaos.test/${project}`;
}

export const followedProjects = Object.keys(projects).filter(
  (name) => projects[name]?.hasRepository === true,
);

/** Who must hear of every breakage, whatever it is. */
export const everyone = 'everyone@chaos.test';

/** All limits are short, so that each comes to pass within a run. */
export function farmFile(options: FarmFileOptions): string {
  const { mark, ledgers, compileCache, mailUrl, workerUrl } = options;
  const env = `env: { ${markVariable}: ${mark}, CHAOS_LEDGERS: ${ledgers}, NODE_COMPILE_CACHE: ${compileCache} }`;
  return `farm: Chaos
worker-url: ${workerUrl}
artifacts: any
platforms:
  here: [linux]
notify:
  from: Weir <weir@chaos.test>
  smtp: ${mailUrl}
  to: [${everyone}]
  gather: 2s
limits:
  log: 1MiB
  max-attempts: 6
  reattach-within: 20s
  missing-after: 1m
  event-retention: 3650d
  min-free: 8MiB
upstreams:
  lang:
    repository: ${langUrl}
    trunks:
      main: { ${poll}, notify: [trunk-main@chaos.test] }
      next: { ${poll}, notify: [trunk-next@chaos.test] }
    ${env}
    steps:
      - name: build
        run: ${commandOf('runtime')}
projects:
${Object.entries(projects)
  .map(([name, project]) => projectText(name, project, env))
  .join('')}`;
}

const poll = 'poll: 3s, stable-for: 1s, max-wait: 5s';

function projectText(name: string, project: Project, env: string): string {
  const { steps, hasRepository = false, trunks = ['lang/main'] } = project;
  const lines = [
    ...(hasRepository ? [`repository: ${repositoryUrl(name)}`, ...poll.split(', ')] : []),
    `trunks: [${trunks.join(', ')}]`,
    `notify: [${name}@chaos.test]`,
    env,
    'steps:',
    ...steps.flatMap(([kind, extra], index) => [
      `  - name: ${kind}-${index}`,
      `    run: ${commandOf(kind)}`,
      ...(extra === undefined ? [] : [`    ${extra}`]),
    ]),
  ];
  return `  ${name}:\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

function commandOf(kind: StepKind): string {
  const step = fileURLToPath(new URL('step.ts', import.meta.url));
  return `exec ${process.execPath} ${step} ${kind}`;
}
