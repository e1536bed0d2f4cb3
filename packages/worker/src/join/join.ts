import { resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { workerNameSchema } from '@weir/protocol';
import { parseQuietHours, quietHoursForm } from '../agent/quiet-hours.ts';
import { openWorkerKey } from '../link/worker-key.ts';
import { parseLogFormat } from '../owner/say.ts';
import type { WorkerConfig } from './config.ts';
import { defaultDataDir, keyPath, writeConfig } from './config.ts';
import { JoinError, findFarm } from './find-farm.ts';
import { parseStopWithin, runWorker } from './run-worker.ts';

export const joinUsage = `weir worker join URL --name NAME [OPTIONS]

  URL              the farm's address, as its pages have it
  --name NAME      what the farm calls this machine
  --key SHA256:... the farm's fingerprint, from its register page (needed but on this machine)
  --owner MAIL     whom the farm writes to about this worker
  --invite CODE    an admin's invitation: the worker is accepted at once
  --slots N        builds at once (default 1)
  --data DIR       key, mirrors, workspaces (default ~/.local/share/weir-worker, or $WEIR_DATA)
  --sandbox KIND   bubblewrap (default), or none: builds may then do whatever this user may
  --only-upstream NAME, --only-project NAME   take only these; repeatable
  --no-containers  take no builds with services, whether there is a container engine or not
  --quiet-hours HOURS  take no builds then, by this machine's clock; repeatable: 'Mon-Fri 09:00-18:00'
  --min-free GIB   take no builds with less free disk (default 2)
  --keep-runtimes GIB  disk for runtimes that were built or fetched before (default 10)
  --remote URL=PATH  a local mirror that serves in place of URL; repeatable
  --stop-within SECONDS  how long builds may go on after SIGTERM (default: to their end)
  --log text|json  lines for people, or JSON objects (default $WEIR_LOG, else text)
  --insecure       allow a link that is not encrypted

Without an invitation the worker then waits until an admin of the farm has compared its fingerprint and accepted it.
'weir worker run' runs it again later.
`;

const gib = 1024 ** 3;

/** Joins a farm and runs the worker. Resolves with the exit status. @throws JoinError */
export async function runJoin(args: string[]): Promise<number> {
  const { values, positionals } = parseJoin(args);
  const [url, ...rest] = positionals;
  if (url === undefined || rest.length > 0) throw new JoinError('join takes one address of a farm');
  const name = workerNameSchema.safeParse(values.name);
  if (!name.success) {
    throw new JoinError(
      '--name is missing, or is not made of letters, digits, dot, dash: --name my-machine',
    );
  }
  const { key, insecure = false } = values;
  const logFormat = parseLogFormat(values.log);
  const stopWithinMs = parseStopWithin(values['stop-within']);
  const found = await findFarm(url, { key, insecure });
  const dataDir = resolve(values.data ?? defaultDataDir());
  const config: WorkerConfig = {
    farm: url,
    workerUrl: found.workerUrl,
    farmKey: found.fingerprint,
    name: name.data,
    owner: parseOwner(values.owner),
    slots: wholeNumber(values.slots ?? '1', '--slots', 256),
    remotes: parseRemotes(values.remote ?? []),
    onlyUpstreams: values['only-upstream'] ?? [],
    onlyProjects: values['only-project'] ?? [],
    containers: values['no-containers'] !== true,
    quietHours: parseQuiet(values['quiet-hours'] ?? []),
    paused: null,
    isPauseUnsaid: false,
    minFreeBytes: gibibytes(values['min-free'] ?? '2', '--min-free'),
    runtimeBytes: gibibytes(values['keep-runtimes'] ?? '10', '--keep-runtimes'),
    ...(values.sandbox !== undefined && { sandbox: parseSandbox(values.sandbox) }),
  };
  writeConfig(dataDir, config);
  const { fingerprint } = openWorkerKey(keyPath(dataDir));
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ farm: found.farm, name: name.data, fingerprint, dataDir })}\n`
      : `Joining ${found.farm} as ${name.data}.\nThis worker's fingerprint is ${fingerprint}\n`,
  );
  return runWorker(dataDir, { invite: values.invite, stopWithinMs, logFormat });
}

function parseJoin(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        key: { type: 'string' },
        owner: { type: 'string' },
        invite: { type: 'string' },
        slots: { type: 'string' },
        data: { type: 'string' },
        sandbox: { type: 'string' },
        'only-upstream': { type: 'string', multiple: true },
        'only-project': { type: 'string', multiple: true },
        'no-containers': { type: 'boolean' },
        'min-free': { type: 'string' },
        'keep-runtimes': { type: 'string' },
        'quiet-hours': { type: 'string', multiple: true },
        remote: { type: 'string', multiple: true },
        insecure: { type: 'boolean' },
        'stop-within': { type: 'string' },
        log: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new JoinError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function gibibytes(text: string, option: string): number {
  const bytes = Math.round(Number(text) * gib);
  if (text.trim() !== '' && Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new JoinError(`${option} takes a number of GiB, such as 2 or 0.5, not '${text}'`);
}

/** The farm checks it too; here the volunteer hears of it before anything is joined. */
function parseOwner(value: string | undefined): string {
  if (value === undefined || /^[^\s@]+@[^\s@]+$/.test(value)) return value ?? '';
  throw new JoinError(`--owner takes a mail address, not '${value}'`);
}

function parseQuiet(values: readonly string[]): string[] {
  const wrong = values.find((value) => parseQuietHours(value) === undefined);
  if (wrong === undefined) return [...values];
  throw new JoinError(`--quiet-hours takes hours such as ${quietHoursForm}, not '${wrong}'`);
}

function parseSandbox(value: string): 'bubblewrap' | 'none' {
  if (value === 'bubblewrap' || value === 'none') return value;
  throw new JoinError(`--sandbox takes bubblewrap or none, not '${value}'`);
}

function wholeNumber(value: string, option: string, max: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw new JoinError(`${option} takes a whole number from 1 to ${max}, not '${value}'`);
}

function parseRemotes(values: readonly string[]): Record<string, string> {
  const remotes: Record<string, string> = {};
  for (const value of values) {
    const at = value.lastIndexOf('=');
    if (at < 1) throw new JoinError(`--remote takes URL=PATH, not '${value}'`);
    remotes[value.slice(0, at)] = resolve(value.slice(at + 1));
  }
  return remotes;
}
