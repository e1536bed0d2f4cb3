import { isMailAddress } from '@weir/model';
import type { Trust } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { CommandError } from '../command.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import { useInvitation } from '../store/invitations.ts';
import { setStanding, setTrust } from '../store/probation.ts';
import type { Database } from '../store/schema.ts';
import type { WorkerRow } from '../store/workers.ts';
import {
  grantLabels,
  insertPending,
  setEnrolment,
  setWorkerPause,
  workerByName,
} from '../store/workers.ts';
import { checkInvitation } from './invitations.ts';
import { queueRefusal } from './pending-queue.ts';

/** A worker that has proved that it holds a key. */
export interface Asking {
  readonly name: string;
  readonly key: string;
  readonly fingerprint: string;
  /** A mail address, or empty. */
  readonly owner: string;
  readonly agent: string;
  /** The code of an invitation. */
  readonly invite: string | undefined;
  /** The network address that it asks from. */
  readonly address: string;
}

export type Enrolment =
  | { readonly t: 'accepted'; readonly worker: WorkerRow }
  | { readonly t: 'pending'; readonly text: string }
  | { readonly t: 'denied' | 'revoked'; readonly text: string };

/** Says whether a worker may connect; who is unknown is written down as pending. Runs in a unit. */
export async function enrol(db: Kysely<Database>, asking: Asking, at: number): Promise<Enrolment> {
  const known = await workerByName(db, asking.name);
  if (known === undefined) return askToJoin(db, asking, at);
  if (known.key !== asking.key) {
    return {
      t: 'denied',
      text: `the name ${asking.name} belongs to another key: join under another name`,
    };
  }
  switch (known.state) {
    case 'accepted':
      return { t: 'accepted', worker: known };
    case 'pending':
      return asking.invite === undefined
        ? { t: 'pending', text: waitingText(asking) }
        : letIn(db, { ...asking, invite: asking.invite }, at);
    case 'rejected':
      return { t: 'denied', text: 'an admin of this farm rejected this worker' };
    case 'revoked':
      return { t: 'revoked', text: "this worker's key was revoked" };
  }
}

async function askToJoin(db: Kysely<Database>, asking: Asking, at: number): Promise<Enrolment> {
  if (asking.owner !== '' && !isMailAddress(asking.owner)) {
    return { t: 'denied', text: 'its owner is no mail address: join with --owner me@example.org' };
  }
  if (asking.invite !== undefined) return letIn(db, { ...asking, invite: asking.invite }, at);
  const refusal = await queueRefusal(db, asking.address);
  if (refusal !== undefined) return { t: 'denied', text: refusal };
  await insertPending(db, { ...asking, at });
  await recordEvents(db, [askedEvent(asking, at)]);
  return { t: 'pending', text: waitingText(asking) };
}

/** A good invitation accepts at once whom it was made for. */
async function letIn(
  db: Kysely<Database>,
  asking: Asking & { invite: string },
  at: number,
): Promise<Enrolment> {
  const check = await checkInvitation(db, asking.invite, asking, at);
  if (check.t === 'bad') return { t: 'denied', text: check.why };
  const { id, owner, labels_json, trust, made_by } = check.invitation;
  await useInvitation(db, id, { at, by: asking.name });
  if ((await workerByName(db, asking.name)) === undefined) {
    await insertPending(db, { ...asking, owner: owner ?? asking.owner, at });
    await recordEvents(db, [askedEvent(asking, at)]);
  }
  const worker = await findWorker(db, asking.name);
  const labels = JSON.parse(labels_json) as string[];
  await setEnrolment(db, worker.id, ['pending'], 'accepted');
  await grantLabels(db, worker.id, labels);
  await setTrust(db, worker.id, trust);
  await recordEvents(db, [
    {
      at,
      kind: 'worker.accepted',
      actor: made_by,
      subject: `worker/${asking.name}`,
      data: { labels, trust, invitation: id, reason: check.invitation.reason },
    },
  ]);
  return { t: 'accepted', worker: await findWorker(db, asking.name) };
}

function askedEvent({ name, fingerprint, owner }: Asking, at: number): NewEvent {
  const about = { actor: `worker:${name}`, subject: `worker/${name}` };
  return { at, kind: 'worker.asked', ...about, data: { fingerprint, owner } };
}

function waitingText({ fingerprint }: Asking): string {
  return `waits for an admin to compare its fingerprint ${fingerprint} and accept it`;
}

interface Act {
  readonly worker: string;
  readonly actor: string;
  readonly reason: string;
  readonly now: Clock;
}

/** @throws CommandError when there is no such worker, its key is another one, or it is not pending */
export async function acceptWorker(
  db: Kysely<Database>,
  act: Act & { fingerprint: string; labels: readonly string[]; trust: Trust },
): Promise<void> {
  const worker = await findWorker(db, act.worker);
  if (worker.fingerprint !== act.fingerprint) {
    throw new CommandError(
      409,
      'fingerprint-differs',
      `worker ${act.worker} has the fingerprint ${worker.fingerprint}, not ${act.fingerprint}`,
    );
  }
  if (!(await setEnrolment(db, worker.id, ['pending', 'rejected'], 'accepted'))) {
    throw new CommandError(409, 'not-pending', `worker ${act.worker} is ${worker.state} already`);
  }
  await grantLabels(db, worker.id, act.labels);
  await setTrust(db, worker.id, act.trust);
  await recordAct(db, act, 'worker.accepted', { labels: act.labels, trust: act.trust });
}

/** @throws CommandError when there is no such worker here, or its trust is that already */
export async function trustWorker(
  db: Kysely<Database>,
  act: Act & { trust: Trust },
): Promise<WorkerRow> {
  const worker = await findWorker(db, act.worker);
  if (worker.state !== 'accepted' || worker.trust === act.trust) {
    const text = worker.state === 'accepted' ? `trust ${worker.trust}` : worker.state;
    throw new CommandError(409, 'no-change', `worker ${act.worker} is ${text} already`);
  }
  await setTrust(db, worker.id, act.trust);
  await setStanding(db, worker.id, { agreed: 0, disagreed: 0, notBefore: null });
  await recordAct(db, act, 'worker.trusted', { trust: act.trust });
  return worker;
}

/** @throws CommandError when there is no such worker, or it is not pending */
export async function rejectWorker(db: Kysely<Database>, act: Act): Promise<void> {
  const worker = await findWorker(db, act.worker);
  if (!(await setEnrolment(db, worker.id, ['pending'], 'rejected'))) {
    throw new CommandError(
      409,
      'not-pending',
      `worker ${act.worker} is ${worker.state}, not pending`,
    );
  }
  await recordAct(db, act, 'worker.rejected', {});
}

/** @throws CommandError when there is no such worker, or its key is revoked already */
export async function revokeWorker(db: Kysely<Database>, act: Act): Promise<WorkerRow> {
  const worker = await findWorker(db, act.worker);
  if (!(await setEnrolment(db, worker.id, ['pending', 'accepted', 'rejected'], 'revoked'))) {
    throw new CommandError(409, 'already-revoked', `worker ${act.worker} is revoked already`);
  }
  await recordAct(db, act, 'worker.revoked', {});
  return worker;
}

/** @throws CommandError when there is no such worker, or it is so already */
export async function pauseWorker(
  db: Kysely<Database>,
  act: Act & { pause: boolean },
): Promise<WorkerRow> {
  const worker = await findWorker(db, act.worker);
  const pause = act.pause ? { by: act.actor, at: act.now(), reason: act.reason } : null;
  if (!(await setWorkerPause(db, worker.id, pause))) {
    throw new CommandError(
      409,
      'no-change',
      `worker ${act.worker} is ${act.pause ? '' : 'not '}paused`,
    );
  }
  await recordAct(db, act, act.pause ? 'worker.paused' : 'worker.resumed', {});
  return worker;
}

async function findWorker(db: Kysely<Database>, name: string): Promise<WorkerRow> {
  const worker = await workerByName(db, name);
  if (worker === undefined) {
    throw new CommandError(404, 'no-such-worker', `there is no worker ${name}`);
  }
  return worker;
}

async function recordAct(
  db: Kysely<Database>,
  { worker, actor, reason, now }: Act,
  kind: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  await recordEvents(db, [
    { at: now(), kind, actor, subject: `worker/${worker}`, data: { ...data, reason } },
  ]);
}
