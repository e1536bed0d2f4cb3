import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { sandboxKinds, workerNameSchema } from '@weir/protocol';
import { z } from 'zod';
import { parseQuietHours, quietHoursForm } from '../agent/quiet-hours.ts';
import { JoinError } from './find-farm.ts';

/** What a worker remembers of its farm: `worker.json` in its data folder. */
export const workerConfigSchema = z.object({
  /** The farm's web address, as it was given to `join`. */
  farm: z.url(),
  /** Where workers connect. */
  workerUrl: z.url(),
  farmKey: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
  name: workerNameSchema,
  owner: z.string(),
  slots: z.number().int().min(1).max(256),
  sandbox: z.enum(sandboxKinds).optional(),
  remotes: z.record(z.string(), z.string()),
  onlyUpstreams: z.array(z.string()),
  onlyProjects: z.array(z.string()),
  /** Builds with services may run where there is what they need. */
  containers: z.boolean().default(true),
  minFreeBytes: z.number().int().nonnegative(),
  /** For the runtimes that are kept. */
  runtimeBytes: z
    .number()
    .int()
    .nonnegative()
    .default(10 * 1024 ** 3),
  /** When no builds are taken, by this machine's clock: `Mon-Fri 09:00-18:00`. */
  quietHours: z
    .array(z.string().refine((text) => parseQuietHours(text) !== undefined, quietHoursForm))
    .default([]),
  /** Why its owner has it take no builds. */
  paused: z.string().max(500).nullable().default(null),
  /** That was changed here, and the farm may not know. */
  isPauseUnsaid: z.boolean().default(false),
});
export type WorkerConfig = z.infer<typeof workerConfigSchema>;

export function defaultDataDir(): string {
  return process.env['WEIR_DATA'] ?? join(homedir(), '.local', 'share', 'weir-worker');
}

export function keyPath(dataDir: string): string {
  return join(dataDir, 'worker-key.pem');
}

export function writeConfig(dataDir: string, config: WorkerConfig): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = configPath(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** @throws JoinError that says what to do when there is no configuration, or a broken one */
export function readConfig(dataDir: string): WorkerConfig {
  const path = configPath(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new JoinError(`no worker has joined with ${dataDir}: run 'weir worker join' first`, {
      cause: error,
    });
  }
  try {
    return workerConfigSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new JoinError(`${path} is broken: join again, or mend it: ${why}`, { cause: error });
  }
}

/** Where `WorkerConfig` is. */
export function configPath(dataDir: string): string {
  return join(dataDir, 'worker.json');
}
