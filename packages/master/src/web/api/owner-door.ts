import { clockSkewText } from '@weir/model/layout';
import { ownerAnswerSchema, ownerBodySchema, ownerBytes, ownerSkewMs } from '@weir/protocol';
import type { OwnerBody } from '@weir/protocol';
import type { Command } from '../../command.ts';
import { workerByName } from '../../store/workers.ts';
import { isSignedBy } from '../../workers/farm-key.ts';
import { ownerOf } from '../../workers/owner.ts';
import type { WebContext } from '../context.ts';
import { problem } from '../server/problems.ts';
import { found } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';

/** What the machine of a worker asks in its owner's name: the worker's key proves it. */
export function ownerDoor({ db, now, farm, owners, sendCommand }: WebContext): Door {
  return door({
    method: 'post',
    path: '/api/v1/workers/{name}/owner',
    summary: "What a worker's owner wants, signed with the worker's key",
    isSigned: true,
    body: ownerBodySchema,
    answer: ownerAnswerSchema,
    handle: async ({ subject, body }) => {
      const worker = found(await workerByName(db, subject), 'worker', subject);
      const at = now();
      const bytes = ownerBytes(farm().fingerprint, worker.name, body);
      const key = Buffer.from(worker.key, 'base64');
      const skew = clockSkewText(body.at - at, ownerSkewMs);
      if (skew !== null) {
        throw problem('bad-signature', `it was signed at a time that is ${skew} the farm's`);
      }
      if (!isSignedBy(key, bytes, Buffer.from(body.signature, 'base64'))) {
        throw problem('bad-signature', `this is not signed with the key of ${worker.name}`);
      }
      // Nobody who has seen a signature on its way may use it once more.
      if (!(await owners.isNew(body.signature, body.at + ownerSkewMs))) {
        throw problem('bad-signature', 'the signature was used before');
      }
      if (body.act === 'link') {
        const code = await owners.makeCode(worker.name);
        return { path: `/workers/${encodeURIComponent(worker.name)}/owner?code=${code}` };
      }
      await sendCommand(ownerOf(worker.name), commandOf(worker.name, body));
      return { path: null };
    },
  });
}

function commandOf(worker: string, { act, reason, slots }: OwnerBody): Command {
  switch (act) {
    case 'pause':
      if (reason === '') throw problem('bad-body', 'reason: a pause needs one');
      return { t: 'owner-pause', worker, reason };
    case 'slots':
      return { t: 'owner-slots', worker, slots, reason };
    case 'leave':
      return { t: 'owner-leave', worker, reason };
    case 'link':
    case 'resume':
      return { t: 'owner-resume', worker, reason };
  }
}
