import { resolve } from 'node:path';
import process from 'node:process';
import { buildersOf, followedBranchesOf, isOver, stepsOn, trunkName } from '@weir/model';
import type { Builder, Farm, FollowedBranch } from '@weir/model';
import type { CliCommand } from '../command.ts';
import { formatDuration } from '../duration.ts';
import { formatTable } from '../table.ts';
import { parseCommandLine, parseRemotes, UsageError } from '../usage.ts';

export const checkCommand: CliCommand = {
  name: 'check',
  summary: 'read a farm file and show the builders that it means',
  usage: `weir check FILE [--remote URL=PATH ...] [--json]

  --remote URL=PATH    a local mirror that serves in place of URL, as 'weir master' takes it; repeatable
  --json               builders and branches, or errors, as JSON

Exit status: 0 for a good farm file, 1 with all errors for any other.`,
  run: runCheck,
};

/** Resolves with the exit status: 0, or 1 for a farm file with errors. */
export async function runCheck(args: string[]): Promise<number> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: { remote: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError('check takes one FILE');
  const { formatFarmErrors, readFarmFile } = await import('@weir/master');
  const remotes = [...parseRemotes(values.remote ?? [])].map(
    ([url, local]) => [url, resolve(local)] as const,
  );
  const reading = await readFarmFile(path, { remotes: new Map(remotes) });
  if (reading.ok) {
    process.stdout.write(values.json ? json(reading.farm) : tables(reading.farm));
    process.stderr.write(localNote(reading.farm) + overNotes(reading.farm, Date.now()));
    return 0;
  }
  const { errors, texts } = reading;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ok: false, errors }, null, 2)}\n`);
    return 1;
  }
  const colour = process.stderr.isTTY && !process.env['NO_COLOR'];
  process.stderr.write(`${formatFarmErrors(errors, texts, { colour })}\n`);
  process.stderr.write(`${path}: ${errors.length} error${errors.length === 1 ? '' : 's'}\n`);
  return 1;
}

function json(farm: Farm): string {
  const builders = buildersOf(farm).map((builder) => ({
    ...builder,
    steps: stepNames(farm, builder),
  }));
  const branches = followedBranchesOf(farm).map((branch) => ({
    ...branch,
    ...timersOf(farm, branch.name),
  }));
  return `${JSON.stringify({ ok: true, farm: farm.name, builders, branches }, null, 2)}\n`;
}

function tables(farm: Farm): string {
  const builders = buildersOf(farm);
  const branches = followedBranchesOf(farm);
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const [columns, followed] = [count(builders.length, 'builder'), `${branches.length} branches`];
  return [
    `${farm.name}: ${columns}, ${branches.length === 1 ? '1 branch' : followed}\n`,
    formatTable(
      ['BUILDER', 'KIND', 'LABELS', 'TIER', 'STEPS', 'TIMERS'],
      builders.map((builder) => builderRow(farm, builder)),
    ),
    formatTable(
      ['BRANCH', 'FOLLOWS', 'REPOSITORY', 'POLL'],
      branches.map((branch) => branchRow(branch, farm)),
    ),
  ].join('\n');
}

/** Workers know nothing of the farm file's `remotes`: their builds would be exceptions. */
function localNote(farm: Farm): string {
  const isServed = followedBranchesOf(farm).some(({ repository }) => farm.remotes.has(repository));
  if (!isServed) return '';
  return 'note: local repositories serve the master alone: a worker that is to fetch from them needs --remote URL=PATH of its own\n';
}

/** A line for each failure that is not expected any more. */
function overNotes({ projects }: Farm, now: number): string {
  const lines = [...projects].flatMap(([project, { expectedFailures }]) =>
    expectedFailures
      .filter((each) => isOver(each, now))
      .map(
        ({ test, until, issue }) =>
          `note: ${project}: ${test} was expected to fail until ${until}, and counts as a failure now: ${issue}\n`,
      ),
  );
  return lines.join('');
}

function builderRow(farm: Farm, builder: Builder): string[] {
  const { stableForMs, maxWaitMs } = timersOf(farm, trunkName(builder.upstream, builder.trunk));
  return [
    builder.name,
    builder.kind,
    builder.labels.join(' '),
    String(builder.tier),
    stepNames(farm, builder).join(', '),
    `stable ${formatDuration(stableForMs)}, at most ${formatDuration(maxWaitMs)}`,
  ];
}

function branchRow({ name, ref, repository, pollMs }: FollowedBranch, { remotes }: Farm): string[] {
  const local = remotes.get(repository);
  const place = local === undefined ? repository : `${repository} (served from ${local})`;
  return [name, ref, place, formatDuration(pollMs)];
}

function stepNames(farm: Farm, { upstream, project, platform }: Builder): string[] {
  const owner = project === null ? farm.upstreams.get(upstream) : farm.projects.get(project);
  return stepsOn(owner?.steps ?? [], platform).map((step) => step.name);
}

/** Of a followed branch: `UPSTREAM/TRUNK`, or a project's name. */
function timersOf(farm: Farm, branch: string): { stableForMs: number; maxWaitMs: number } {
  const [upstream = '', trunk = ''] = branch.split('/');
  const followed = farm.projects.get(branch) ?? farm.upstreams.get(upstream)?.trunks.get(trunk);
  if (followed === undefined) throw new Error(`the farm file names no branch ${branch}`);
  const { stableForMs, maxWaitMs } = followed;
  return { stableForMs, maxWaitMs };
}
