import process from 'node:process';
import { workerSchema } from '@weir/protocol';
import type { ApiWorker } from '@weir/protocol';
import { z } from 'zod';
import type { CliCommand } from '../command.ts';
import { formatTable } from '../table.ts';
import { parseCommandLine, UsageError } from '../usage.ts';
import { apiOptions, apiOptionsHelp, callApi } from './api.ts';
import type { ApiOptions } from './api.ts';
import { invite, listInvitations, uninvite } from './invitations.ts';

const listSchema = z.object({ items: z.array(workerSchema) });
const acts = ['accept', 'reject', 'revoke', 'release', 'trust'] as const;
type Act = (typeof acts)[number];

export const workersCommand: CliCommand = {
  name: 'workers',
  summary: 'list workers; accept, reject, revoke, release or invite one',
  usage: `weir workers
weir workers accept NAME --fingerprint SHA256:... [--label LABEL ...] [--trust TRUST] --reason TEXT
weir workers reject|revoke NAME --reason TEXT
weir workers release NAME --reason TEXT
weir workers trust NAME --trust TRUST --reason TEXT
weir workers invite [--name NAME] [--owner MAIL] [--label LABEL ...] [--trust TRUST] [--hours N] --reason TEXT
weir workers invitations
weir workers uninvite ID --reason TEXT

  release          ends the quarantine of a worker whose builds infrastructure took
  --fingerprint F  of the key that you accept: compare it with what the worker's owner sees
  --label LABEL    grant a label that the worker can't find out itself; repeatable
  --trust TRUST    probation (default: its reds count once it found what others found),
                   normal or trusted
  --name, --owner  invite this worker, or a worker of this owner, and no other
  --hours N        the invitation is good for so long (default 72)
  --reason TEXT    kept with the command${apiOptionsHelp}`,
  async run(args) {
    const { values, positionals } = parseCommandLine({
      args,
      allowPositionals: true,
      options: {
        ...apiOptions,
        fingerprint: { type: 'string' },
        label: { type: 'string', multiple: true },
        trust: { type: 'string' },
        name: { type: 'string' },
        owner: { type: 'string' },
        hours: { type: 'string' },
        reason: { type: 'string' },
      },
    });
    const [word, name, ...rest] = positionals;
    if (rest.length > 0) throw notUnderstood(positionals);
    if (word === undefined) return list(values, values.json === true);
    if (word === 'invitations' && name === undefined) return listInvitations(values);
    if (values.reason === undefined) {
      throw new UsageError('--reason TEXT is missing: people will ask why');
    }
    if (word === 'invite' && name === undefined) return invite(values);
    if (word === 'uninvite') return uninvite(name, values);
    const act = acts.find((known) => known === word);
    if (act === undefined || name === undefined) throw notUnderstood(positionals);
    const { reason, trust } = values;
    if (act === 'trust' && trust === undefined) {
      throw new UsageError('--trust is missing: probation, normal or trusted');
    }
    const body = {
      reason,
      ...(trust !== undefined && { trust }),
      ...(act === 'accept' && acceptance(values)),
    };
    const path = `/api/v1/workers/${encodeURIComponent(name)}/${act}`;
    const answer = await callApi(values, 'POST', path, body);
    process.stdout.write(
      `${values.json === true ? JSON.stringify(answer) : `Worker ${name} is ${whatItIs(act, trust)}.`}\n`,
    );
    return 0;
  },
};

function notUnderstood(words: readonly string[]): UsageError {
  return new UsageError(`'${words.join(' ')}' is not understood`);
}

const past: Readonly<Record<Exclude<Act, 'trust'>, string>> = {
  accept: 'accepted: it takes builds as soon as it connects again',
  reject: 'rejected',
  revoke: 'revoked, and its link is closed',
  release: 'released: it takes builds again, and what led to its quarantine is forgotten',
};

/** By its trust. */
const trusts: Readonly<Record<string, string>> = {
  probation: 'on probation: its reds count once it found what others found',
  normal:
    'of normal trust: its reds count, and it builds runtimes for others only where `artifacts` is `any`',
  trusted: 'trusted: it builds runtimes for all workers',
};

function whatItIs(act: Act, trust = ''): string {
  return act === 'trust' ? (trusts[trust] ?? trust) : past[act];
}

function acceptance(values: {
  fingerprint?: string | undefined;
  label?: string[] | undefined;
}): object {
  if (values.fingerprint === undefined) {
    throw new UsageError(
      "--fingerprint is missing: 'weir workers' shows it; compare it with the owner's",
    );
  }
  return { fingerprint: values.fingerprint, labels: values.label ?? [] };
}

async function list(options: ApiOptions, json: boolean): Promise<number> {
  const answer = await callApi(options, 'GET', '/api/v1/workers?limit=200');
  if (json) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return 0;
  }
  const workers = listSchema.parse(answer).items;
  process.stdout.write(
    workers.length === 0
      ? "No worker has asked to join yet: 'weir worker join' on a volunteer's machine does.\n"
      : formatTable(
          ['NAME', 'STATE', 'SLOTS', 'SANDBOX', 'LABELS', 'FINGERPRINT'],
          workers.map(row),
        ) + workers.map((worker) => restingLine(worker) + quarantineLine(worker)).join(''),
  );
  return 0;
}

function quarantineLine({ name, quarantine }: ApiWorker): string {
  if (quarantine === null || quarantine.until === null) return '';
  const until = new Date(quarantine.until).toISOString();
  return `\n${name} is quarantined until ${until}: ${quarantine.reason}\n  'weir workers release ${name} --reason TEXT' ends that.\n`;
}

function restingLine({ name, online, resting }: ApiWorker): string {
  return online && resting !== null ? `\n${name} takes no builds just now: ${resting}\n` : '';
}

function row(worker: ApiWorker): string[] {
  const labels = [...worker.labels, ...worker.grantedLabels];
  return [
    worker.name,
    stateOf(worker),
    `${worker.running.length}/${worker.slots}`,
    worker.sandbox?.kind ?? '-',
    labels.join(' ') || '-',
    worker.fingerprint,
  ];
}

function stateOf(worker: ApiWorker): string {
  if (worker.state !== 'accepted') return worker.state;
  if (worker.leftAt !== null) return 'left';
  if (worker.missingSince !== null) return 'missing';
  if (worker.paused !== null || worker.ownerPaused !== null) return 'paused';
  if (!worker.online) return 'offline';
  if (worker.quarantine !== null && worker.quarantine.until !== null) return 'quarantined';
  if (worker.resting !== null) return 'resting';
  return worker.probation === null ? 'online' : 'probation';
}
