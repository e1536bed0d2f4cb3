import type { BuildLimits } from '@weir/protocol';
import type { StepCommand } from './contract.ts';

const openFiles = 4096;
/** Unit of `ulimit -f` in a POSIX shell. */
const blockBytes = 512;
/** Where a Linux machine runs out of memory, steps go before runner and agent: see `proc_pid_oom_score_adj(5)`. */
const oomScoreAdj = 500;
/** bash keeps some for itself. */
const variableName = /^(?!(?:BASHOPTS|BASH_VERSINFO|EUID|PPID|SHELLOPTS|UID)$)[A-Za-z_]\w*$/;

/** Lines of a POSIX shell that set the limits which are every step's. */
export const limitsOfAll = ['ulimit -c 0', `ulimit -n ${openFiles} 2>/dev/null`, ''].join('\n');

/**
 * Lines of a POSIX shell that set a step's own limits and its environment, and become the command,
 * whose standard input is closed to it.
 *
 * @param redirect what redirects it besides, in the shell's words
 */
export function becomeCommand(
  { file, args, cwd, env }: StepCommand,
  limits: BuildLimits,
  redirect = '',
): string {
  // Others a shell can neither export nor pass on.
  const variables = Object.entries(env).filter(([name]) => variableName.test(name));
  return [
    `{ echo ${oomScoreAdj} > /proc/self/oom_score_adj; } 2>/dev/null`,
    `ulimit -f ${Math.ceil(limits.fileBytes / blockBytes)}`,
    // bash says -u, dash says -p. It counts per user, and root is exempt.
    process.getuid?.() === 0
      ? ''
      : `{ ulimit -u ${limits.processes} || ulimit -p ${limits.processes}; } 2>/dev/null`,
    `cd ${quoted(cwd)} || exit 125`,
    'unset PWD OLDPWD',
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${[file, ...args].map(quoted).join(' ')} < /dev/null ${redirect}`,
    '',
  ].join('\n');
}

/** A word as a POSIX shell reads it, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
