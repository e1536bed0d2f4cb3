import { acknowledge } from './blame/acknowledge.ts';
import type { Clock } from './clock.ts';
import type { Command, CommandAnswer } from './command.ts';
import { CommandError } from './command.ts';
import type { Effects } from './effects.ts';
import type { ApplyContext } from './farm/apply-asked.ts';
import { applyAsked } from './farm/apply-asked.ts';
import { runNoticeCommand } from './notify/run-notice-command.ts';
import { acceptTests } from './schedule/accept-tests.ts';
import { again, force } from './schedule/force.ts';
import { builderByName, setBuilderPause } from './store/builders.ts';
import { buildById, requestCancel } from './store/builds.ts';
import { recordEvents } from './store/events.ts';
import type { RequestRow } from './store/requests.ts';
import { cancelRequest, requestById } from './store/requests.ts';
import { spend } from './store/spent.ts';
import {
  acceptWorker,
  pauseWorker,
  rejectWorker,
  revokeWorker,
  trustWorker,
} from './workers/enrolment.ts';
import { invite, takeBack } from './workers/invitations.ts';
import { runOwnerCommand } from './workers/owner.ts';
import { releaseWorker } from './workers/release-worker.ts';

/** All that a command needs: it writes units, and says what follows. It needs no engine. */
export interface CommandContext extends ApplyContext {
  readonly now: Clock;
  readonly effects: Effects;
}

/** Does what a person asks; resolves after the commit. @throws CommandError when it can't be done */
export async function runCommand(
  context: CommandContext,
  actor: string,
  command: Command,
): Promise<CommandAnswer> {
  const { store, now, effects } = context;
  const { farm, builders } = context.farmInForce;
  switch (command.t) {
    case 'force': {
      const builder = [...builders().values()].find(({ name }) => name === command.builder);
      return enqueue(
        effects,
        await store.unit((db) => force(db, command, { actor, builder, at: now() })),
      );
    }
    case 'again':
      return enqueue(
        effects,
        await store.unit((db) => again(db, command, { actor, builders: builders(), at: now() })),
      );
    case 'accept-tests': {
      const by = { actor, builders: builders(), at: now() };
      return enqueue(effects, await store.unit((db) => acceptTests(db, command, by)));
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
      effects.poll(command.branches, command.farmFile === true);
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
      return {};
    case 'invite':
      return { invitation: await store.unit((db) => invite(db, command, { actor, at: now() })) };
    case 'revoke-invitation':
      await store.unit((db) => takeBack(db, command, { actor, at: now() }));
      return {};
    case 'reject':
      await store.unit((db) => rejectWorker(db, { ...command, actor, now }));
      return {};
    case 'trust':
    case 'release':
    case 'revoke':
    case 'pause-worker':
    case 'resume-worker':
      await effects.workerChanged(await changeWorker(context, actor, command));
      return {};
    case 'spend':
      if (await store.unit((db) => spend(db, command.what, { until: command.until, at: now() }))) {
        return {};
      }
      throw new CommandError(409, 'no-change', 'it was used before');
    case 'subscribe':
    case 'confirm-subscription':
    case 'unsubscribe':
    case 'retry-delivery':
      await runNoticeCommand({ store, farm, now }, actor, command);
      effects.noticesChanged();
      return {};
  }
}

function enqueue(effects: Effects, request: RequestRow): CommandAnswer {
  effects.requestWaits(request);
  return { request };
}

async function cancelBuild(
  { store, now, effects }: CommandContext,
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
  effects.cancelBuild(id, reason);
  return {};
}

async function cancelWaiting(
  { store, now, effects }: CommandContext,
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
  effects.requestGone(id);
  return {};
}

async function pauseBuilder(
  { store, now, effects }: CommandContext,
  actor: string,
  { t, builder: name, reason }: Extract<Command, { t: 'pause-builder' | 'resume-builder' }>,
): Promise<CommandAnswer> {
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
  await effects.builderChanged(id);
  return {};
}

/** Writes it; the worker's id. */
function changeWorker(
  { store, now }: CommandContext,
  actor: string,
  command: Extract<
    Command,
    { t: 'trust' | 'release' | 'revoke' | 'pause-worker' | 'resume-worker' }
  >,
): Promise<number> {
  return store.unit(async (db) => {
    switch (command.t) {
      case 'trust':
        return (await trustWorker(db, { ...command, actor, now })).id;
      case 'release':
        return releaseWorker(db, { ...command, actor, at: now() });
      case 'revoke':
        return (await revokeWorker(db, { ...command, actor, now })).id;
      case 'pause-worker':
      case 'resume-worker': {
        const pause = command.t === 'pause-worker';
        return (await pauseWorker(db, { ...command, actor, now, pause })).id;
      }
    }
  });
}
