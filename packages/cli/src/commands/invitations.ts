import process from 'node:process';
import { invitationSchema, newInvitationSchema } from '@weir/protocol';
import { z } from 'zod';
import { formatTable } from '../table.ts';
import { UsageError } from '../usage.ts';
import type { ApiOptions } from './api.ts';
import { callApi } from './api.ts';

const listSchema = z.object({ items: z.array(invitationSchema) });

export interface InviteOptions extends ApiOptions {
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  readonly label?: string[] | undefined;
  readonly trust?: string | undefined;
  readonly hours?: string | undefined;
  readonly reason?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `weir workers invite`: prints the code, which is shown nowhere else. */
export async function invite(options: InviteOptions): Promise<number> {
  const { name, owner, label, trust, hours, reason } = options;
  const answer = await callApi(options, 'POST', '/api/v1/invitations', {
    reason,
    ...(name !== undefined && { worker: name }),
    ...(owner !== undefined && { owner }),
    ...(label !== undefined && { labels: label }),
    ...(trust !== undefined && { trust }),
    ...(hours !== undefined && { hours: Number(hours) }),
  });
  if (options.json === true) return print(JSON.stringify(answer));
  const { code, expiresAt } = newInvitationSchema.parse(answer);
  const until = new Date(expiresAt).toISOString();
  return print(`Good once, until ${until}; it is not shown again:\n  --invite ${code}`);
}

/** `weir workers invitations` */
export async function listInvitations(options: InviteOptions): Promise<number> {
  const answer = await callApi(options, 'GET', '/api/v1/invitations?limit=200');
  if (options.json === true) return print(JSON.stringify(answer));
  const { items } = listSchema.parse(answer);
  if (items.length === 0) return print('No invitation was made yet.');
  const rows = items.map(({ id, worker, owner, state, trust, usedBy, expiresAt }) => [
    String(id),
    worker ?? 'any',
    owner ?? 'any',
    usedBy === null ? state : `${state} by ${usedBy}`,
    trust,
    new Date(expiresAt).toISOString(),
  ]);
  const table = formatTable(['ID', 'WORKER', 'OWNER', 'STATE', 'TRUST', 'EXPIRES'], rows);
  return print(table.trimEnd());
}

/** `weir workers uninvite ID` */
export async function uninvite(id: string | undefined, options: InviteOptions): Promise<number> {
  if (id === undefined || !/^[1-9]\d*$/.test(id)) {
    throw new UsageError(
      "uninvite takes an invitation's id: 'weir workers invitations' lists them",
    );
  }
  const body = { reason: options.reason };
  const answer = await callApi(options, 'POST', `/api/v1/invitations/${id}/revoke`, body);
  return print(options.json === true ? JSON.stringify(answer) : `Invitation ${id} is revoked.`);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
