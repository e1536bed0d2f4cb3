import { protocolVersion } from '@weir/protocol';
import type { CloseReason, LogFrame, WorkerMessage } from '@weir/protocol';
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { WorkerRow } from '../store/workers.ts';
import type { Asking, Enrolment } from './enrolment.ts';
import type { FarmKey } from './farm-key.ts';
import { closeLink, readFrame, sendMessage } from './frames.ts';
import { checkProof, newChallenge } from './handshake.ts';
import type { Session } from './session.ts';

export type Hello = Extract<WorkerMessage, { t: 'hello' }>;
/** What a worker says once its session has begun. */
export type SessionMessage = Exclude<WorkerMessage, { t: 'prove' | 'hello' }>;

/** What a link needs of the farm around it. */
export interface LinkContext {
  readonly farm: () => string;
  readonly key: FarmKey;
  readonly now: Clock;
  /** Where the farm's pages are, without a slash at the end. */
  readonly url: () => string;
  /** Whether one more proof from this address is looked at now. */
  mayAsk(address: string): boolean;
  enrol(asking: Asking): Promise<Enrolment>;
  /** The holder of a key has an agent that does not fit this farm. */
  misfit(who: { name: string; key: string }, text: string): void;
  /** Begins the session, or says why it can't begin. */
  begin(socket: WebSocket, worker: WorkerRow, hello: Hello): Promise<Session | undefined>;
  message(session: Session, message: SessionMessage): void;
  logFrame(session: Session, frame: LogFrame): void;
  closed(session: Session): void;
  /** A link was closed for what the worker did. */
  refused(who: string, text: string): void;
}

/** Who connects must prove itself within this time, and then say hello within as much. */
const handshakeMs = 15_000;

/**
 * Serves one socket from challenge to close. Frames before the session are handled one at a time;
 * a frame that does not belong ends the link with a code and a reason, and nothing else.
 */
export function serveLink(socket: WebSocket, address: string, context: LinkContext): void {
  const challenge = newChallenge(context.farm());
  let proved: WorkerRow | undefined;
  let session: Session | undefined;
  let busy = false;
  let who = address;

  const refuse = (reason: CloseReason, text: string): void => {
    if (session !== undefined) return session.refuse(reason, text);
    context.refused(who, text);
    closeLink(socket, reason, text);
  };
  // No offence: what it sent may have got lost on its way.
  const waitForWorker = (): NodeJS.Timeout =>
    setTimeout(() => refuse('restarting', 'no proof and hello in time'), handshakeMs);
  let deadline = waitForWorker();

  async function greet(message: WorkerMessage): Promise<void> {
    if (proved === undefined && message.t === 'prove') {
      who = `worker ${message.name} (${address})`;
      if (!context.mayAsk(address)) return refuse('restarting', 'too many tries from your address');
      const proof = checkProof(challenge, message, {
        farmKey: context.key,
        url: context.url(),
      });
      if (proof.t === 'wrongVersion') context.misfit(message, proof.text);
      if (proof.t !== 'proved') return refuse(proof.t, proof.text);
      const enrolment = await context.enrol({
        name: message.name,
        key: Buffer.from(message.key, 'base64').toString('base64'),
        fingerprint: proof.fingerprint,
        owner: message.owner,
        agent: message.agent,
        invite: message.invite,
        address,
      });
      // Who waits to be accepted asks again and again, and has done nothing wrong.
      if (enrolment.t === 'pending') return closeLink(socket, 'pending', enrolment.text);
      if (enrolment.t !== 'accepted') return refuse(enrolment.t, enrolment.text);
      proved = { ...enrolment.worker, agent: message.agent };
      sendMessage(socket, { t: 'proof', version: proof.version, signature: proof.signature });
      deadline = waitForWorker();
    } else if (proved !== undefined && message.t === 'hello') {
      session = await context.begin(socket, proved, message);
    } else {
      refuse('badFrame', `${message.t} is out of order here`);
    }
  }

  function receive(data: Parameters<typeof readFrame>[0], isBinary: boolean): void {
    if (socket.readyState !== socket.OPEN) return;
    const incoming = readFrame(data, isBinary);
    if (incoming.t === 'bad') return refuse('badFrame', incoming.why);
    if (session !== undefined) {
      session.heard(context.now());
      if (incoming.t === 'log') return context.logFrame(session, incoming.frame);
      if (incoming.t === 'unknown') return;
      const { message } = incoming;
      if (message.t === 'prove' || message.t === 'hello') {
        return refuse('badFrame', `${message.t} is out of order here`);
      }
      return context.message(session, message);
    }
    if (incoming.t !== 'message' || busy) {
      return refuse('badFrame', 'frame before the session began');
    }
    busy = true;
    // The time that the farm takes for its answer is not the worker's.
    clearTimeout(deadline);
    greet(incoming.message)
      .catch((error: unknown) => {
        refuse('restarting', error instanceof Error ? error.message : 'the farm failed');
      })
      .finally(() => {
        busy = false;
      });
  }

  // A binary frame then has its buffer to itself, and can be handed to another thread without a copy.
  socket.binaryType = 'arraybuffer';
  socket.on('message', receive);
  // An oversized or malformed frame: ws closes the link itself, with 1009 or 1002.
  socket.on('error', (error) => refuse('badFrame', error.message));
  socket.on('close', () => {
    clearTimeout(deadline);
    if (session !== undefined) context.closed(session);
  });
  sendMessage(socket, {
    t: 'challenge',
    farm: challenge.farm,
    key: context.key.publicKey,
    nonce: challenge.nonce,
    versions: protocolVersion,
  });
}
