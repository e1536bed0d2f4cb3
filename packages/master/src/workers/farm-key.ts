import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The DER header of an Ed25519 public key (RFC 8410): the raw key follows. */
const spkiHeader = Buffer.from('302a300506032b6570032100', 'hex');

/** The farm's own Ed25519 key, by which workers know it. */
export interface FarmKey {
  /** Base64 of the raw 32 bytes. */
  readonly publicKey: string;
  readonly fingerprint: string;
  sign(bytes: Uint8Array): string;
}

/** Reads the farm's key, or makes it at first start. Only the engine's user may read the file. */
export function openFarmKey(path: string): FarmKey {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, makeFarmKey(), { mode: 0o600, flag: 'wx' });
  }
  return farmKeyOf(readFileSync(path, 'utf8'));
}

/** A new one, as PEM. */
export function makeFarmKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @param pem of the private key */
export function farmKeyOf(pem: string): FarmKey {
  const privateKey = createPrivateKey(pem);
  const raw = createPublicKey(privateKey)
    .export({ type: 'spki', format: 'der' })
    .subarray(spkiHeader.length);
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

/** Whether a worker's signature is of these bytes by this key; false for what is no key or no signature. */
export function isSignedBy(rawKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (rawKey.length !== 32 || signature.length !== 64) return false;
  let key: KeyObject;
  try {
    key = createPublicKey({
      key: Buffer.concat([spkiHeader, rawKey]),
      format: 'der',
      type: 'spki',
    });
  } catch {
    return false;
  }
  return verify(null, bytes, key, signature);
}
