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

/** The commands that fail on one's own machine as the build failed on the farm. */
export function reproduceCommands(upstream: Source, project: Source | null): string[] {
  const commands = [
    ...checkout(upstream),
    ...(project === null ? [] : checkout(project)),
    'mkdir -p runtime && export WEIR_RUNTIME="$PWD/runtime" PATH="$PWD/runtime/bin:$PATH"',
    ...runSteps(upstream),
    ...(project === null ? [] : runSteps(project)),
  ];
  return commands;
}

function checkout({ name, repository, commit }: Source): string[] {
  const folder = quote(name);
  if (repository === null || commit === null) return [`mkdir ${folder}`];
  return [
    `git clone ${quote(repository)} ${folder}`,
    `git -C ${folder} checkout --detach ${quote(commit)}`,
  ];
}

function runSteps({ name, env, steps }: Source): string[] {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${quote(value)} `);
  return steps.map((step) => {
    const script = step.trim();
    // Quoted, so that the shell that reads the lines changes nothing in them.
    const run = script.includes('\n')
      ? `sh -e <<'STEP'\n${script}\nSTEP\n`
      : `sh -ec ${quote(script)}`;
    return `(cd ${quote(name)} && ${variables.join('')}${run})`;
  });
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
