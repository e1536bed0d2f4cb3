import { randomBytes } from 'node:crypto';
import { protocolVersion, signedBytes } from '@weir/protocol';
import type { WorkerMessage } from '@weir/protocol';
import type { FarmKey } from './farm-key.ts';
import { fingerprintOf, isSignedBy } from './farm-key.ts';

type Prove = Extract<WorkerMessage, { t: 'prove' }>;

/** What the farm asks of a link before anything else. */
export interface Challenge {
  readonly farm: string;
  readonly nonce: string;
}

export function newChallenge(farm: string): Challenge {
  return { farm, nonce: randomBytes(32).toString('base64') };
}

export type Proof =
  | {
      readonly t: 'proved';
      readonly version: number;
      readonly fingerprint: string;
      readonly signature: string;
    }
  | { readonly t: 'wrongVersion' | 'unproven'; readonly text: string };

/**
 * Checks that a worker holds the key that it shows, for this very challenge, and signs its nonce in
 * turn. Both sign farm, name, version and both nonces, so a proof is of no use anywhere else. An
 * agent that speaks no version of ours is told where it gets one that does, once its key is proved.
 *
 * @param url of the farm's pages, without a slash at the end
 */
export function checkProof(
  challenge: Challenge,
  prove: Prove,
  { farmKey, url }: { farmKey: FarmKey; url: string },
): Proof {
  const version = Math.min(protocolVersion.max, prove.versions.max);
  const fields = {
    farm: challenge.farm,
    name: prove.name,
    version,
    farmNonce: challenge.nonce,
    workerNonce: prove.nonce,
  };
  const key = Buffer.from(prove.key, 'base64');
  const signature = Buffer.from(prove.signature, 'base64');
  if (!isSignedBy(key, signedBytes('worker', fields), signature)) {
    return { t: 'unproven', text: 'the signature does not fit the key' };
  }
  if (version < protocolVersion.min || version < prove.versions.min) {
    const side = version < protocolVersion.min ? 'old' : 'new';
    // A close frame is short, and the command is what counts in it.
    const text = `agent ${prove.agent.slice(0, 12)} is too ${side} for this farm: curl -O ${url}/weir-worker.mjs, and run that`;
    return { t: 'wrongVersion', text };
  }
  return {
    t: 'proved',
    version,
    fingerprint: fingerprintOf(key),
    signature: farmKey.sign(signedBytes('farm', fields)),
  };
}
