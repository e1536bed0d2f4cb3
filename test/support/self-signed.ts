import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, as PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

const ecdsaWithSha256 = '2a8648ce3d040302';
const commonName = '550403';
const subjectAltName = '551d11';
const basicConstraints = '551d13';

/**
 * Makes a certificate for `localhost` and 127.0.0.1 that is its own authority and never expires:
 * clocks may jump as they like. Nothing but Node is needed for it.
 */
export function selfSigned(): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(objectId(ecdsaWithSha256));
  const name = sequence(tag(0x31, sequence(objectId(commonName), text(0x0c, 'localhost'))));
  const names = sequence(text(0x82, 'localhost'), tag(0x87, Buffer.from([127, 0, 0, 1])));
  const isAuthority = sequence(tag(0x01, Buffer.from([0xff])));
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(text(0x17, '000101000000Z'), text(0x18, '99991231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(extension(subjectAltName, names), extension(basicConstraints, isAuthority))),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]);
  const der = sequence(body, algorithm, tag(0x03, signature));
  const lines = der.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** One value of DER: its tag, its length, its content. */
function tag(type: number, content: Uint8Array): Buffer {
  const { length } = content;
  const long = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : undefined;
  return Buffer.concat([
    Buffer.from([type, ...(long ?? [0x82, length >> 8, length & 0xff])]),
    content,
  ]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tag(0x30, Buffer.concat(parts));
}

function objectId(hex: string): Buffer {
  return tag(0x06, Buffer.from(hex, 'hex'));
}

function text(type: number, value: string): Buffer {
  return tag(type, Buffer.from(value));
}

function extension(id: string, value: Uint8Array): Buffer {
  return sequence(objectId(id), tag(0x04, value));
}
