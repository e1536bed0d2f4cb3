import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { systemLabels } from '../agent/labels.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import { agentVersion } from '../version.ts';

/** The fact of a build that says how long checkout and runtime took, in words: no two builds share it. */
export const preparationFact = 'checkout and runtime';

/** Facts of this machine that are recorded with each build. They don't change while a runner lives. */
export function machineFacts(): Record<string, string> {
  const processors = cpus();
  const git = spawnSync('git', ['--version'], { encoding: 'utf8' }).stdout ?? '';
  return {
    system: systemLabels().join(' '),
    kernel: `${type()} ${release()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: String(processors.length),
    memory: `${Math.round(totalmem() / (1024 * 1024))} MiB`,
    agent: agentVersion,
    node: process.version,
    git: git.trim().replace('git version ', ''),
  };
}

export function sandboxFacts({ kind, limits }: Sandbox): Record<string, string> {
  return { sandbox: kind, limits: limits.join('; ').slice(0, 500) };
}
