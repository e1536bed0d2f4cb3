import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { bucketErrorOf, isMissingObject } from './bucket-errors.ts';
import type { Look } from './look.ts';
import type { ObjectPage, ObjectStore } from './object-store.ts';
import { ObjectMissingError } from './object-store.ts';
import type { BucketPlace } from './objects-place.ts';
import { beginsAsZstd, zstdMagicBytes } from './zstd-magic.ts';

/** What is larger is put in parts of this size, one after the other: each is tried again by itself. */
const partBytes = 16 * 1024 * 1024;
/** S3 takes no more. */
const maxParts = 10_000;
/** S3 copies no more at once. */
const maxCopiedBytes = 5 * 1024 ** 3;
/** Fresh enough not to be touched again: touching is copying. */
const freshMs = 3_600_000;
/** Of so many objects it is remembered what they are. */
const maxKnown = 10_000;
/** Nothing is waited for longer, three times; a part must be through by then. */
const patience = { connectionTimeout: 5_000, requestTimeout: 30_000, socketTimeout: 30_000 };
/** People and workers wait for what is small, whatever was tried again. */
const smallMs = 10_000;

/** Objects in a bucket of S3-compatible storage: `PREFIX/ab/abcd...`. */
export class ObjectBucket implements ObjectStore {
  readonly #place: BucketPlace;
  readonly #client: S3Client;
  /** What an object is never changes. Those that were seen first are at the beginning. */
  readonly #isZstd = new Map<string, boolean>();

  constructor(place: BucketPlace) {
    this.#place = place;
    const { endpoint, region } = place;
    const { env } = process;
    const sessionToken = env['AWS_SESSION_TOKEN'];
    this.#client = new S3Client({
      region,
      ...(endpoint !== null && { endpoint, forcePathStyle: true }),
      credentials: {
        accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
        ...(sessionToken && { sessionToken }),
      },
      requestHandler: {
        ...patience,
        throwOnRequestTimeout: true,
        httpsAgent: { maxSockets: 256 },
        httpAgent: { maxSockets: 256 },
      },
      // Servers other than Amazon's don't know its newer checksums; all know MD5, which is sent below.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async bytesOf(sha256: string): Promise<number | undefined> {
    return (await this.#head(sha256))?.ContentLength;
  }

  async isZstd(sha256: string): Promise<boolean> {
    if (!this.#isZstd.has(sha256)) await this.#head(sha256);
    return this.#isZstd.get(sha256) ?? false;
  }

  async read(sha256: string, { from, to }: { from: number; to: number }): Promise<Readable> {
    const range = { Range: `bytes=${from}-${to - 1}` };
    try {
      const get = new GetObjectCommand({ ...this.#address(sha256), ...range });
      return bodyOf((await this.#client.send(get)).Body);
    } catch (error) {
      if (isMissingObject(error)) throw new ObjectMissingError(sha256, { cause: error });
      throw bucketErrorOf(error, this.#place);
    }
  }

  /** A copy onto itself is the only way. */
  async touch(sha256: string): Promise<void> {
    const found = await this.#head(sha256);
    if (found === undefined) return;
    const age = Date.now() - (found.LastModified?.getTime() ?? 0);
    if (age < freshMs || (found.ContentLength ?? 0) > maxCopiedBytes) return;
    const { Bucket, Key } = this.#address(sha256);
    const CopySource = encodeURI(`${Bucket}/${Key}`);
    const { ContentType } = found;
    await this.#ask(() =>
      this.#client.send(
        new CopyObjectCommand({
          Bucket,
          Key,
          CopySource,
          MetadataDirective: 'REPLACE',
          ContentType,
        }),
      ),
    );
  }

  async take(sha256: string, path: string): Promise<void> {
    {
      await using file = await open(path);
      const { size } = await file.stat();
      const begin = await piece(file, 0, Buffer.alloc(zstdMagicBytes));
      const ContentType = beginsAsZstd(begin) ? 'application/zstd' : 'application/octet-stream';
      const target = { ...this.#address(sha256), ContentType };
      if (size > partBytes) await this.#putParts(target, file, size);
      else {
        const Body = await piece(file, 0, Buffer.alloc(size));
        const put = new PutObjectCommand({ ...target, Body, ContentMD5: md5Of(Body) });
        await this.#ask(() => this.#client.send(put));
      }
    }
    await rm(path, { force: true });
  }

  async look(sha256: string): Promise<Look> {
    try {
      const found = await this.#client.send(new GetObjectCommand(this.#address(sha256)));
      const hash = createHash('sha256');
      await pipeline(bodyOf(found.Body), hash);
      return { t: 'read', sha256: hash.digest('hex'), version: versionOf(found) };
    } catch (error) {
      const { message: text } = bucketErrorOf(error, this.#place);
      return isMissingObject(error)
        ? { t: 'gone', text: 'it is not in the bucket' }
        : { t: 'unread', text };
    }
  }

  async removeDamaged(sha256: string, version: string): Promise<void> {
    const found = await this.#head(sha256);
    if (found !== undefined && versionOf(found) === version) await this.remove(sha256);
  }

  async untouchedSince(time: number, after: string | null): Promise<ObjectPage> {
    const { bucket: Bucket, prefix: Prefix } = this.#place;
    const StartAfter = after ?? undefined;
    const { Contents = [], IsTruncated } = await this.#ask(() =>
      this.#client.send(
        new ListObjectsV2Command({ Bucket, Prefix, ...(StartAfter && { StartAfter }) }),
      ),
    );
    const hashes = Contents.flatMap(({ Key = '', LastModified }) => {
      const [, folder = '', sha256 = ''] =
        /^([0-9a-f]{2})\/([0-9a-f]{64})$/.exec(Key.slice(Prefix.length)) ?? [];
      const isOld = LastModified !== undefined && LastModified.getTime() < time;
      return isOld && sha256 !== '' && sha256.startsWith(folder) ? [sha256] : [];
    });
    return { hashes, next: IsTruncated === true ? (Contents.at(-1)?.Key ?? null) : null };
  }

  async remove(sha256: string): Promise<void> {
    await this.#ask(() => this.#client.send(new DeleteObjectCommand(this.#address(sha256))));
  }

  async check(signal?: AbortSignal): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#place;
    const list = new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 });
    await this.#ask(() => this.#client.send(list, { abortSignal: soon(signal) }));
  }

  async #head(sha256: string): Promise<HeadObjectCommandOutput | undefined> {
    const head = new HeadObjectCommand(this.#address(sha256));
    try {
      const found = await this.#client.send(head, { abortSignal: soon() });
      this.#remember(sha256, found.ContentType === 'application/zstd');
      return found;
    } catch (error) {
      if (!isMissingObject(error)) throw bucketErrorOf(error, this.#place);
      // The answer has no body, and a bucket that is not there says the same.
      await this.check();
      return undefined;
    }
  }

  #remember(sha256: string, isZstd: boolean): void {
    this.#isZstd.set(sha256, isZstd);
    const [oldest] = this.#isZstd.keys();
    if (this.#isZstd.size > maxKnown && oldest !== undefined) this.#isZstd.delete(oldest);
  }

  async #putParts(
    target: { Bucket: string; Key: string; ContentType: string },
    file: FileHandle,
    size: number,
  ): Promise<void> {
    const { Bucket, Key } = target;
    const { UploadId } = await this.#ask(() =>
      this.#client.send(new CreateMultipartUploadCommand(target)),
    );
    const upload = { Bucket, Key, UploadId };
    try {
      const length = Math.max(partBytes, Math.ceil(size / maxParts));
      // One for all parts: buffers of this size are given back late.
      const room = Buffer.alloc(length);
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for (let at = 0; at < size; at += length) {
        const Body = await piece(file, at, room.subarray(0, size - at));
        const PartNumber = Parts.length + 1;
        const part = new UploadPartCommand({
          ...upload,
          PartNumber,
          Body,
          ContentMD5: md5Of(Body),
        });
        const { ETag } = await this.#ask(() => this.#client.send(part));
        Parts.push({ ETag, PartNumber });
      }
      const complete = new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts },
      });
      await this.#ask(() => this.#client.send(complete));
    } catch (error) {
      // In vain while the storage is away: a rule of the bucket drops what was left.
      await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
      throw error;
    }
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw bucketErrorOf(error, this.#place);
    }
  }

  #address(sha256: string): { Bucket: string; Key: string } {
    const { bucket: Bucket, prefix } = this.#place;
    return { Bucket, Key: `${prefix}${sha256.slice(0, 2)}/${sha256}` };
  }
}

/** The bytes of a file from there on, as many as there is room for. */
async function piece(file: FileHandle, at: number, room: Buffer): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(room, 0, room.length, at);
  return buffer.subarray(0, bytesRead);
}

function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** Tells an object from another that was put in its place. */
function versionOf({
  ETag,
  LastModified,
}: {
  ETag?: string | undefined;
  LastModified?: Date | undefined;
}): string {
  return `${ETag} ${LastModified?.getTime()}`;
}

function bodyOf(body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw new TypeError('an object came without bytes');
}

function soon(signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(smallMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}
