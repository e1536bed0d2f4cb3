import type { StepSpec } from '@weir/protocol';
import type { Farm } from '../farm/farm.ts';
import { stepsOn } from '../farm/steps.ts';

/** A repository at one commit, and the steps that were run in it. */
export interface Source {
  /** The folder that it is put in. */
  readonly name: string;
  /** Null: the steps run in an empty folder. */
  readonly repository: string | null;
  readonly commit: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Scripts for `sh -e`, in their order. */
  readonly steps: readonly string[];
}

/** A builder that failed, at the revisions with which it did. */
export interface FailedBuilder {
  readonly upstream: string;
  /** Null: it is a runtime builder. */
  readonly project: string | null;
  readonly platform: string;
  /** The step that failed; null: all steps are named. */
  readonly step: string | null;
  readonly upstreamCommit: string;
  readonly projectCommit: string | null;
}

/**
 * The commands that fail on one's own machine as a builder failed on the farm, by the farm file in
 * force; none when it names the builder no more.
 */
export function reproduction(farm: Farm, failed: FailedBuilder): string[] {
  const upstream = farm.upstreams.get(failed.upstream);
  const project = failed.project === null ? null : farm.projects.get(failed.project);
  if (upstream === undefined || project === undefined) return [];
  const making = stepsOn(upstream.steps, failed.platform);
  const runtime = {
    ...upstream,
    commit: failed.upstreamCommit,
    steps: project === null ? upTo(failed.step, making) : runsOf(making),
  };
  if (project === null) return reproduceCommands(runtime, null, failed.platform);
  const tested = {
    ...project,
    commit: failed.projectCommit,
    steps: upTo(failed.step, stepsOn(project.steps, failed.platform)),
  };
  return reproduceCommands(runtime, tested, failed.platform);
}

function runsOf(steps: readonly StepSpec[]): string[] {
  return steps.map(({ run }) => run);
}

/** The steps before one, and that one. */
function upTo(step: string | null, steps: readonly StepSpec[]): string[] {
  const at = steps.findIndex(({ name }) => name === step);
  return runsOf(at === -1 ? steps : steps.slice(0, at + 1));
}

/** The commands that build a runtime, and with it test a project where one is given. */
export function reproduceCommands(
  upstream: Source,
  project: Source | null,
  platform: string,
): string[] {
  const commands = [
    ...checkout(upstream),
    ...(project === null ? [] : checkout(project)),
    `mkdir -p runtime && export WEIR_PLATFORM=${shellWord(platform)} WEIR_RUNTIME="$PWD/runtime" PATH="$PWD/runtime/bin:$PATH"`,
    ...runSteps(upstream),
    ...(project === null ? [] : runSteps(project)),
  ];
  return commands;
}

function checkout({ name, repository, commit }: Source): string[] {
  const folder = shellWord(name);
  if (repository === null || commit === null) return [`mkdir ${folder}`];
  return [
    `git clone ${shellWord(repository)} ${folder}`,
    `git -C ${folder} checkout --detach ${shellWord(commit)}`,
  ];
}

function runSteps({ name, env, steps }: Source): string[] {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${shellWord(value)} `);
  return steps.map((step) => {
    const script = step.trim();
    // Quoted, so that the shell that reads the lines changes nothing in them.
    const run = script.includes('\n')
      ? `sh -e <<'STEP'\n${script}\nSTEP\n`
      : `sh -ec ${shellWord(script)}`;
    return `(cd ${shellWord(name)} && ${variables.join('')}${run})`;
  });
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
