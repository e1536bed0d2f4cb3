import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The DER header of an Ed25519 public key (RFC 8410): the raw key follows. */
const spkiHeader = Buffer.from('302a300506032b6570032100', 'hex');

/** The worker's own Ed25519 key: it never leaves this machine. */
export interface WorkerKey {
  /** Base64 of the raw 32 bytes. */
  readonly publicKey: string;
  readonly fingerprint: string;
  sign(bytes: Uint8Array): string;
}

/** Reads the key, or makes it. Only this user may read the file. */
export function openWorkerKey(path: string): WorkerKey {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx' });
  }
  const privateKey = createPrivateKey(readFileSync(path));
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const raw = spki.subarray(spkiHeader.length);
  return {
    publicKey: raw.toString('base64'),
    fingerprint: fingerprintOf(raw),
    sign: (bytes) => sign(null, bytes, privateKey).toString('base64'),
  };
}

/** `SHA256:` and the unpadded base64 of the raw key's hash, as ssh prints fingerprints. */
export function fingerprintOf(rawKey: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(rawKey).digest('base64').replace(/=+$/, '')}`;
}

/** Whether the signature is of these bytes by this raw key; false for what is no key or no signature. */
export function isSignedBy(rawKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (rawKey.length !== 32 || signature.length !== 64) return false;
  const der = Buffer.concat([spkiHeader, rawKey]);
  try {
    return verify(
      null,
      bytes,
      createPublicKey({ key: der, format: 'der', type: 'spki' }),
      signature,
    );
  } catch {
    return false;
  }
}
