import { pipeline } from 'node:stream/promises';
import { sha256Schema, uploadHeaders } from '@weir/protocol';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { cookieSecretSetting } from '../../admin-token.ts';
import type { ObjectStore } from '../../builds/objects/object-store.ts';
import { WrongBytesError } from '../../builds/objects/object-uploads.ts';
import type { Objects } from '../../builds/objects/open-objects.ts';
import { uploadToken } from '../../builds/objects/upload-token.ts';
import { isOpen } from '../../store/builds.ts';
import { saysDiskFull } from '../../store/disk-full.ts';
import { getSetting } from '../../store/settings.ts';
import { chooseRange } from '../api/byte-range.ts';
import type { WebContext } from '../context.ts';
import { problem } from '../server/problems.ts';
import { isSame } from '../sign-in/session.ts';

type Context = Pick<WebContext, 'db' | 'farm'> & Objects;

interface Upload {
  readonly build: number;
  readonly sha256: string;
  /** Of the whole. */
  readonly bytes: number;
}

/** Where workers bring objects (see `uploadHeaders`), and everybody fetches them. */
export function objectRoutes(context: Context): Router {
  const router = Router();
  /** One connection at a time writes an upload: a worker that was cut off may be back before its old one is noticed. */
  const written = new Set<string>();
  const looks = new Map<string, Promise<void>>();
  router.head('/artifacts/uploads/:build/:sha256', async (request, response) => {
    const upload = await admit(context, request);
    await dropDamaged(context.objects, upload.sha256, looks);
    await answerProgress(context, upload, response);
  });
  router.patch('/artifacts/uploads/:build/:sha256', async (request, response) => {
    const upload = await admit(context, request);
    const key = `${upload.build} ${upload.sha256}`;
    if (written.has(key)) throw problem('upload-busy', 'another connection brings it');
    written.add(key);
    try {
      await takePiece(context, upload, request);
      await answerProgress(context, upload, response);
    } finally {
      written.delete(key);
    }
  });
  router.get('/artifacts/:sha256', (request, response, next) => {
    const sha256 = sha256Schema.safeParse(request.params['sha256']);
    return sha256.success ? sendObject(context.objects, sha256.data, request, response) : next();
  });
  return router;
}

/** Who it is from: a build that runs, by its token. @throws ProblemError */
async function admit({ db, farm }: Context, request: Request): Promise<Upload> {
  const build = Number(request.params['build']);
  const sha256 = sha256Schema.safeParse(request.params['sha256']);
  const bytes = Number(request.get(uploadHeaders.length) ?? Number.NaN);
  if (
    !Number.isSafeInteger(build) ||
    !sha256.success ||
    !(Number.isSafeInteger(bytes) && bytes > 0)
  ) {
    throw problem(
      'bad-upload',
      `an upload names its build, its SHA-256, and its ${uploadHeaders.length}`,
    );
  }
  const secret = await getSetting(db, cookieSecretSetting);
  const token = /^Bearer (.{1,200})$/.exec(request.get('authorization') ?? '')?.[1] ?? '';
  if (secret === undefined || !isSame(token, uploadToken(secret, build))) {
    throw problem('wrong-upload-token', `the token is not that of build ${build}`);
  }
  const row = await db
    .selectFrom('build')
    .select('id')
    .where('id', '=', build)
    .where(isOpen)
    .executeTakeFirst();
  if (row === undefined) throw problem('build-over', `build ${build} does not run any more`);
  const most = farm().file.limits.artifactBytes;
  if (bytes > most) {
    throw problem('body-too-large', `${bytes} bytes are more than limits.artifact, ${most}`);
  }
  const { shortage } = farm();
  if (shortage !== null) throw problem('disk-full', shortage);
  return { build, sha256: sha256.data, bytes };
}

/**
 * Whoever brings an object replaces the file that has its name and other bytes.
 *
 * @param looks those under way: each reads a whole file
 */
async function dropDamaged(
  objects: ObjectStore,
  sha256: string,
  looks: Map<string, Promise<void>>,
): Promise<void> {
  if ((await objects.bytesOf(sha256)) === undefined) return;
  const look = looks.get(sha256) ?? removeIfDamaged(objects, sha256);
  looks.set(sha256, look);
  try {
    await look;
  } finally {
    looks.delete(sha256);
  }
}

async function removeIfDamaged(objects: ObjectStore, sha256: string): Promise<void> {
  const look = await objects.look(sha256);
  if (look.t === 'read' && look.sha256 !== sha256) {
    await objects.removeDamaged(sha256, look.version);
  }
}

/** 201 when the object is here, else how much of it. */
async function answerProgress(
  { objects, uploads }: Context,
  { build, sha256 }: Upload,
  response: Response,
): Promise<void> {
  if ((await objects.bytesOf(sha256)) !== undefined) {
    await objects.touch(sha256);
    response.status(201).end();
    return;
  }
  const offset = await uploads.received({ build, sha256 });
  response.status(204).set(uploadHeaders.offset, String(offset)).end();
}

async function takePiece(
  { objects, uploads }: Context,
  { build, sha256, bytes }: Upload,
  request: Request,
): Promise<void> {
  if ((await objects.bytesOf(sha256)) !== undefined) return;
  const offset = await uploads.received({ build, sha256 });
  if (Number(request.get(uploadHeaders.offset)) !== offset) {
    throw problem('wrong-offset', `the upload goes on at ${offset}`);
  }
  try {
    await uploads.append({ build, sha256 }, request, bytes - offset);
    if ((await uploads.received({ build, sha256 })) === bytes) {
      await uploads.complete({ build, sha256 });
    }
  } catch (error) {
    if (error instanceof WrongBytesError) throw problem('wrong-bytes', error.message);
    if (saysDiskFull(error)) throw problem('disk-full', 'there is no room for it');
    // What came before a cut is kept: the worker asks how much that is.
    if (request.destroyed) return;
    throw error;
  }
}

async function sendObject(
  objects: ObjectStore,
  sha256: string,
  request: Request,
  response: Response,
): Promise<void> {
  const size = await objects.bytesOf(sha256);
  if (size === undefined) throw problem('no-such-artifact', `there is no object ${sha256}`);
  const etag = `"${sha256}"`;
  const isPacked = await objects.isZstd(sha256);
  response.set({
    etag,
    'content-type': isPacked ? 'application/zstd' : 'application/octet-stream',
    'content-disposition': `attachment; filename="${sha256}${isPacked ? '.tar.zst' : ''}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=31536000, immutable',
  });
  if (request.get('if-none-match') === etag) {
    response.status(304).end();
    return;
  }
  const { from, to } = chooseRange(request, response, { size, etag });
  response.set('content-length', String(to - from));
  if (request.method === 'HEAD' || from === to) {
    response.end();
    return;
  }
  try {
    await pipeline(await objects.read(sha256, { from, to }), response);
  } catch (error) {
    // A client that goes away is no failure of ours.
    if (!response.closed) throw error;
  }
}
