import assert from 'node:assert/strict';
import { newInvitationSchema, workerSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

describe('an invitation', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  async function invite(body: object): Promise<{ id: number; code: string }> {
    const answer = await farm.post('/api/v1/invitations', { reason: 'Vera asked', ...body });
    return newInvitationSchema.parse(answer);
  }

  /** Joins; resolves with what the agent said when it was turned away. */
  async function refusalOf(name: string, args: string[]): Promise<string> {
    const worker = await farm.addWorker({ name, isInvited: false, args });
    assert.equal(await worker.exited(), 1);
    return worker.output;
  }

  it('accepts its worker at once, with the labels and the trust that it names', async () => {
    const { code } = await invite({ labels: ['gpu'], trust: 'normal', owner: 'vera@example.test' });
    assert.match(code, /^\w+$/, 'it stands in a command as it is');
    const online = farm.events.until('worker.online', { subject: 'worker/vera' });
    await farm.addWorker({ name: 'vera', isInvited: false, args: ['--invite', code] });
    await online;

    const worker = await farm.get('/api/v1/workers/vera', workerSchema);
    assert.deepEqual(
      [worker.state, worker.trust, worker.grantedLabels, worker.owner],
      ['accepted', 'normal', ['gpu'], 'v***@example.test'],
    );
  });

  it('works once', async () => {
    const { code } = await invite({});
    const online = farm.events.until('worker.online', { subject: 'worker/once' });
    await farm.addWorker({ name: 'once', isInvited: false, args: ['--invite', code] });
    await online;

    assert.match(await refusalOf('twice', ['--invite', code]), /the invitation was used before/);
  });

  it('lets in nobody but whom it is for, and nobody when it was revoked', async () => {
    const named = await invite({ worker: 'nora' });
    const owned = await invite({ owner: 'olga@example.test' });
    const { id, code } = await invite({});
    await farm.post(`/api/v1/invitations/${id}/revoke`, { reason: 'a mistake' });

    assert.match(await refusalOf('n', ['--invite', named.code]), /for a worker named nora/);
    const args = ['--invite', owned.code, '--owner', 'x@example.test'];
    assert.match(await refusalOf('o', args), /for another owner/);
    assert.match(await refusalOf('r', ['--invite', code]), /was revoked/);
    assert.match(await refusalOf('u', ['--invite', 'guessed']), /is unknown here/);
  });
});
