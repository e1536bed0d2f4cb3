import type { BuilderFacts } from '@weir/model';
import { acknowledge } from './blame/acknowledge.ts';
import type { LiveBuilds } from './builds/live-builds.ts';
import type { Clock } from './clock.ts';
import type { Command, CommandAnswer } from './command.ts';
import { CommandError } from './command.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { ApplyContext } from './farm/apply-asked.ts';
import { applyAsked } from './farm/apply-asked.ts';
import type { Notifier } from './notify/notifier.ts';
import type { Queue } from './queue/queue.ts';
import { acceptTests } from './schedule/accept-tests.ts';
import { again, force } from './schedule/force.ts';
import { builderByName, setBuilderPause } from './store/builders.ts';
import { buildById, requestCancel } from './store/builds.ts';
import { recordEvents } from './store/events.ts';
import type { RequestRow } from './store/requests.ts';
import { cancelRequest, requestById } from './store/requests.ts';
import {
  acceptWorker,
  pauseWorker,
  rejectWorker,
  revokeWorker,
  trustWorker,
} from './workers/enrolment.ts';
import { invite, takeBack } from './workers/invitations.ts';
import { runOwnerCommand } from './workers/owner.ts';
import type { Quarantines } from './workers/quarantines.ts';
import type { Sessions } from './workers/sessions.ts';

export interface CommandContext extends ApplyContext {
  readonly now: Clock;
  readonly sessions: Sessions;
  readonly builds: LiveBuilds;
  readonly quarantines: Pick<Quarantines, 'release'>;
  readonly dispatcher: Dispatcher;
  readonly queue: Queue;
  readonly notifier: Pick<Notifier, 'command'>;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  /** Asks the remote of a branch soon. */
  poll(branch: string): void;
  /** Asks the repository of the farm file soon. */
  pollFarmFile(): void;
  /** A builder was paused or resumed: read it anew. */
  refreshBuilder(id: number): Promise<void>;
}

/** Does what a person asks; resolves after the commit. @throws CommandError when it can't be done */
export async function runCommand(
  context: CommandContext,
  actor: string,
  command: Command,
): Promise<CommandAnswer> {
  const { store, now, builders } = context;
  switch (command.t) {
    case 'force': {
      const builder = [...builders().values()].find(({ name }) => name === command.builder);
      return enqueue(
        context,
        await store.unit((db) => force(db, command, { actor, builder, at: now() })),
      );
    }
    case 'again':
      return enqueue(
        context,
        await store.unit((db) => again(db, command, { actor, builders: builders(), at: now() })),
      );
    case 'accept-tests': {
      const by = { actor, builders: builders(), at: now() };
      return enqueue(context, await store.unit((db) => acceptTests(db, command, by)));
    }
    case 'cancel':
      return cancelBuild(context, actor, command);
    case 'cancel-request':
      return cancelWaiting(context, actor, command);
    case 'acknowledge':
      await store.unit((db) => acknowledge(db, command, { actor, at: now() }));
      return {};
    case 'pause-builder':
    case 'resume-builder':
      return pauseBuilder(context, actor, command);
    case 'poll':
      for (const branch of command.branches) context.poll(branch);
      if (command.farmFile === true) context.pollFarmFile();
      return {};
    case 'apply':
      return applyAsked(context, actor, command);
    case 'accept':
      await store.unit((db) => acceptWorker(db, { ...command, actor, now }));
      return {};
    case 'owner-pause':
    case 'owner-resume':
    case 'owner-slots':
    case 'owner-leave':
      await runOwnerCommand(context, command);
      context.dispatcher.wake();
      return {};
    case 'invite':
      return { invitation: await store.unit((db) => invite(db, command, { actor, at: now() })) };
    case 'revoke-invitation':
      await store.unit((db) => takeBack(db, command, { actor, at: now() }));
      return {};
    case 'trust':
      return trust(context, actor, command);
    case 'reject':
      await store.unit((db) => rejectWorker(db, { ...command, actor, now }));
      return {};
    case 'release':
      await context.quarantines.release({ ...command, actor });
      return {};
    case 'revoke':
      return revoke(context, actor, command);
    case 'pause-worker':
    case 'resume-worker':
      return pause(context, actor, command);
    case 'subscribe':
    case 'confirm-subscription':
    case 'unsubscribe':
    case 'retry-delivery':
      await context.notifier.command(actor, command);
      return {};
  }
}

function enqueue({ dispatcher }: CommandContext, request: RequestRow): CommandAnswer {
  dispatcher.enqueue(request);
  return { request: request.id };
}

async function cancelBuild(
  { store, now, builds }: CommandContext,
  actor: string,
  { build: id, reason }: Extract<Command, { t: 'cancel' }>,
): Promise<CommandAnswer> {
  await store.unit(async (db) => {
    if ((await buildById(db, id)) === undefined) {
      throw new CommandError(404, 'no-such-build', `there is no build ${id}`);
    }
    if (!(await requestCancel(db, id, reason))) {
      throw new CommandError(409, 'no-change', `build ${id} has ended, or is being cancelled`);
    }
    const event = { at: now(), kind: 'build.cancel-requested', actor, subject: `build/${id}` };
    await recordEvents(db, [{ ...event, data: { reason } }]);
  });
  builds.cancel(id, reason);
  return {};
}

async function cancelWaiting(
  { store, now, queue }: CommandContext,
  actor: string,
  { request: id, reason }: Extract<Command, { t: 'cancel-request' }>,
): Promise<CommandAnswer> {
  await store.unit(async (db) => {
    const request = await requestById(db, id);
    if (request === undefined) {
      throw new CommandError(404, 'no-such-request', `there is no request ${id}`);
    }
    if (!(await cancelRequest(db, id, { at: now(), supersededBy: null }))) {
      throw new CommandError(
        409,
        'no-change',
        `request ${id} is ${request.state} and waits no more`,
      );
    }
    const event = { at: now(), kind: 'request.cancelled', actor, subject: `request/${id}` };
    await recordEvents(db, [{ ...event, data: { reason } }]);
  });
  queue.remove(id);
  return {};
}

async function pauseBuilder(
  context: CommandContext,
  actor: string,
  { t, builder: name, reason }: Extract<Command, { t: 'pause-builder' | 'resume-builder' }>,
): Promise<CommandAnswer> {
  const { store, now, dispatcher } = context;
  const isPause = t === 'pause-builder';
  const id = await store.unit(async (db) => {
    const builder = await builderByName(db, name);
    if (builder === undefined) {
      throw new CommandError(404, 'no-such-builder', `there is no builder ${name}`);
    }
    const at = now();
    if (!(await setBuilderPause(db, builder.id, isPause ? { by: actor, at, reason } : null))) {
      throw new CommandError(409, 'no-change', `builder ${name} is ${isPause ? '' : 'not '}paused`);
    }
    const kind = isPause ? 'builder.paused' : 'builder.resumed';
    await recordEvents(db, [{ at, kind, actor, subject: `builder/${name}`, data: { reason } }]);
    return builder.id;
  });
  await context.refreshBuilder(id);
  dispatcher.wake();
  return {};
}

async function revoke(
  { store, now, sessions, builds }: CommandContext,
  actor: string,
  command: Extract<Command, { t: 'revoke' }>,
): Promise<CommandAnswer> {
  const worker = await store.unit((db) => revokeWorker(db, { ...command, actor, now }));
  sessions.of(worker.id)?.close('revoked', "this worker's key was revoked");
  await builds.loseThoseOf(worker.id, 'its worker was revoked');
  return {};
}

async function trust(
  { store, now, sessions, dispatcher }: CommandContext,
  actor: string,
  command: Extract<Command, { t: 'trust' }>,
): Promise<CommandAnswer> {
  const worker = await store.unit((db) => trustWorker(db, { ...command, actor, now }));
  const session = sessions.of(worker.id);
  if (session !== undefined) {
    session.trust = command.trust;
    session.isProbeable = true;
  }
  dispatcher.wake();
  return {};
}

async function pause(
  { store, now, sessions, dispatcher }: CommandContext,
  actor: string,
  command: Extract<Command, { t: 'pause-worker' | 'resume-worker' }>,
): Promise<CommandAnswer> {
  const { worker, reason } = command;
  const isPause = command.t === 'pause-worker';
  await store.unit((db) => pauseWorker(db, { worker, reason, actor, now, pause: isPause }));
  const session = sessions.all().find(({ name }) => name === worker);
  if (session !== undefined) session.adminPause = isPause ? { by: actor, reason } : null;
  dispatcher.wake();
  return {};
}
