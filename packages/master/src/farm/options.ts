import { artifactPolicies } from '@weir/protocol';
import type { Tier } from '@weir/protocol';
import { listOf, mapOf } from './collections.ts';
import { oneOf } from './one-of.ts';
import { checkout } from './options-checkout.ts';
import { matrixOptions, platformNames } from './options-matrix.ts';
import { notify, notifyOptions } from './options-notify.ts';
import { reportOptions, resolvedOptions } from './options-report.ts';
import { schedule } from './options-schedule.ts';
import { services } from './options-services.ts';
import { expectedFailures, tests } from './options-tests.ts';
import { count, duration, size } from './quantities.ts';
import { repository, repositoryUrl } from './repository.ts';
import { option, optional, orBlank, required, section } from './section.ts';
import { misfit, textType } from './text-type.ts';
import {
  address,
  branch,
  flag,
  line,
  name,
  pattern,
  prose,
  script,
  variableName,
  variableValue,
  workerAddress,
} from './texts.ts';

/**
 * The table of all that a farm file may say. Reading, checking and the reference in
 * docs/farm-file.md are made from it.
 */

const poll = option(
  duration('1s', '7d'),
  '60s',
  'How often the repository is asked whether the branch moved.',
);
const stableFor = option(
  duration('0s', '7d'),
  '30s',
  'Builds are asked for when the branch was quiet for so long, so that a series of pushes is built once.',
);
const maxWait = option(
  duration('0s', '7d'),
  '10m',
  'A branch that never gets quiet is built when its oldest unbuilt change is so old.',
);
const maxParallel = (what: string) =>
  optional(
    count(1, 10_000),
    'no limit',
    `At most so many builds of ${what} at once on the whole farm.`,
  );
const tier = option(
  textType<Tier>(
    '1, 2 or 3',
    2,
    (text) => {
      const value = ([1, 2, 3] as const).find((known) => String(known) === text);
      return value === undefined ? misfit() : { value };
    },
    { enum: [1, 2, 3, '1', '2', '3'] },
  ),
  '2',
  '1 is stable, 2 normal, 3 experimental. A lower tier is built first.',
);
const env = orBlank(
  mapOf(variableName, variableValue, 'variables and their values'),
  'none',
  'Variables for all steps. The environment is otherwise clean; names that begin with `WEIR_` belong to the farm.',
);

export const stepOptions = {
  name: required(line(100), 'What the page calls the step; once in its list.'),
  run: required(script(65_536), 'Commands for `sh -e`, run in the checked-out repository.'),
  timeout: option(
    duration('1s', '7d'),
    '20m',
    'A step that runs for longer is ended: a failure, `timed-out`.',
  ),
  silence: option(
    duration('1s', '7d'),
    '10m',
    'A step that prints nothing for so long is ended: a failure, `silent`.',
  ),
  network: option(flag, 'false', 'Whether the step may use the network.'),
  install: option(
    flag,
    'false',
    'Whether the step installs what the others test: its failure is an `install-failed`.',
  ),
  'continue-on-failure': option(
    flag,
    'false',
    'Whether the steps after it run although it failed. The build fails all the same.',
  ),
  always: option(
    flag,
    'false',
    'Whether it runs whatever became of the steps before it, unless the build is cancelled.',
  ),
  platforms: optional(
    platformNames,
    'all',
    'The platforms on which the step runs; on others it is left out.',
  ),
  ...resolvedOptions,
  ...reportOptions,
};
const steps = required(
  listOf(section(stepOptions, ['name', 'run']), 'steps', { min: 1, max: 100 }),
  'The commands, one after another; the first that fails ends the build. `- NAME: COMMAND` is a step with all defaults.',
);

export const trunkOptions = {
  branch: optional(branch, "the trunk's name", 'The branch that is followed.'),
  poll,
  'stable-for': stableFor,
  'max-wait': maxWait,
  notify: notify('Who is told of breakages that changes of this trunk may have caused.'),
};

export const upstreamOptions = {
  repository: required(repository, 'Where the language is developed.'),
  checkout,
  trunks: required(
    mapOf(name, section(trunkOptions), 'trunks', { min: 1 }),
    'The branches that the farm follows, by name. `master: {}` is one with all defaults.',
  ),
  platforms: optional(platformNames, 'all platforms', 'Where its runtimes are built.'),
  tier,
  env,
  'max-parallel': maxParallel("this upstream's runtimes"),
  schedule: schedule('its runtimes are built'),
  notify: notify('Who is told of breakages on any of its trunks.'),
  tests,
  steps,
};

export const projectOptions = {
  repository: optional(
    repository,
    'none: the steps run in an empty workspace',
    'Where the project is developed.',
  ),
  branch: option(branch, 'main', 'The branch that is followed.'),
  checkout,
  poll,
  'stable-for': stableFor,
  'max-wait': maxWait,
  ...matrixOptions,
  tier,
  env,
  'only-if-changed': orBlank(
    listOf(line(500), 'globs such as src/*.py', { unique: true }),
    'every change counts',
    "A change of this project that touches none of these files asks for no build. A trunk's change always does.",
  ),
  'max-parallel': maxParallel('this project'),
  schedule: schedule('it is tested'),
  notify: notify('Who is told of all that breaks this project.'),
  tests,
  'expected-failures': expectedFailures,
  services,
  steps,
};

export const limitsOptions = {
  log: option(
    size('64KiB', '16GiB'),
    '256MiB',
    'Bytes kept of one log: a quarter from its head, the rest from its tail.',
  ),
  disk: option(size('1MiB', '16TiB'), '4GiB', 'What a build may leave in its workspace and /tmp.'),
  memory: option(size('16MiB', '16TiB'), '2GiB', 'Memory of all processes of a build.'),
  processes: option(count(4, 1_000_000), '512', 'Processes of a build at one time.'),
  file: option(size('64KiB', '16TiB'), '1GiB', 'The largest single file that a step may write.'),
  'max-attempts': option(
    count(1, 100),
    '3',
    'How often a request is tried when infrastructure takes its builds.',
  ),
  'reattach-within': option(
    duration('0s', '30d'),
    '30m',
    'A build whose worker is out of reach is given up after this time, counting only while the farm is up.',
  ),
  'event-retention': option(
    duration('1h', '3650d'),
    '30d',
    'Events older than this are dropped from the event log.',
  ),
  'missing-after': option(
    duration('1m', '30d'),
    '90m',
    'A worker that is away for longer, while the farm is up, is missing: its owner is told.',
  ),
  artifact: option(
    size('1MiB', '1TiB'),
    '4GiB',
    'The largest artifact, packed: a runtime that is larger is not taken.',
  ),
  'min-free': option(
    size('1MiB', '16TiB'),
    '1GiB',
    "With less room where the farm's data is, no builds are given out; with less than half of it, what running builds print stays with their workers.",
  ),
};

const limits = section(limitsOptions);

export const retentionOptions = {
  builds: option(
    duration('1d', '36500d'),
    '730d',
    'Builds older than this are dropped with their steps and requests; the newest 100 of each builder stay, and so do those that verdicts and breakages go back to.',
  ),
  logs: option(
    duration('1d', '36500d'),
    '90d',
    'What older builds printed is dropped, and the lists of their tests; the newest 10 of each builder keep them, and so do those that verdicts and breakages go back to.',
  ),
  artifacts: option(
    duration('1d', '36500d'),
    '30d',
    'Artifacts younger than this are all kept; of older ones every eighth commit, after eight times as long every 64th, until `builds`.',
  ),
  notices: option(
    duration('1d', '36500d'),
    '365d',
    'Notices older than this are dropped with their deliveries, but for those of breakages that are still open.',
  ),
};

export const farmOptions = {
  farm: required(line(100), 'What pages and workers call the farm.'),
  'public-url': optional(
    address('https://weir.example.org', 'http:', 'https:'),
    'the address that was asked',
    'Where people reach the pages.',
  ),
  'worker-url': optional(
    workerAddress,
    'the host that was asked, with the worker port',
    'Where workers connect. Without a path it is `/worker`. A path alone is at the address that was asked: a reverse proxy takes it to the worker port.',
  ),
  introduction: optional(
    prose(4_000),
    'none',
    'What the waterfall says on top to who comes for the first time: paragraphs, with a blank line between them.',
  ),
  platforms: required(
    mapOf(
      name,
      listOf(name, 'labels', { min: 1, unique: true }),
      'platforms, each with its labels',
      { min: 1 },
    ),
    'Platforms by name, each with the labels that a worker must have for it.',
  ),
  upstreams: required(
    mapOf(name, section(upstreamOptions), 'upstreams', { min: 1 }),
    'Languages by name.',
  ),
  artifacts: option(
    oneOf(artifactPolicies, 'trusted'),
    'trusted',
    'On whose machines the runtimes run that workers build. `trusted`: a trusted worker builds each once, for all. `any`: any worker builds it once, for all. `same-worker`: each worker builds its own, and nothing of one volunteer runs on the machine of another.',
  ),
  projects: orBlank(
    mapOf(name, section(projectOptions), 'projects'),
    'none',
    'Downstream projects by name.',
  ),
  include: orBlank(
    listOf(pattern, 'paths such as projects/*.yaml', { max: 100, unique: true }),
    'none',
    "Files with more projects, in the farm file's folder: one for each project, which its maintainer sends. They hold `projects` and nothing else.",
  ),
  notify: orBlank(section(notifyOptions), 'all defaults', 'Who is told of breakages, and how.'),
  limits: orBlank(limits, 'all defaults', 'What one build may use, and what the farm keeps.'),
  retention: orBlank(section(retentionOptions), 'all defaults', 'How long the farm keeps what.'),
  remotes: orBlank(
    mapOf(repositoryUrl, line(4_000), 'repositories and local paths'),
    'none',
    'Local repositories that serve in place of remote ones, by the repository as it is named above. A path is relative to the farm file.',
  ),
};

export const farmFileType = section(farmOptions);

/** What an included file may hold. */
export const includedFileType = section({
  projects: required(
    mapOf(name, section(projectOptions), 'projects', { min: 1 }),
    'Downstream projects by name.',
  ),
});
