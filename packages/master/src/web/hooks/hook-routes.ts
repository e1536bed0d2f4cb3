import { canonicalRepository, followedBranchesOf } from '@weir/model';
import express, { Router } from 'express';
import type { Request } from 'express';
import type { WebContext } from '../context.ts';
import { problem } from '../server/problems.ts';
import { Failures } from '../sign-in/failures.ts';
import type { Forge, Push } from './forges.ts';
import { forges } from './forges.ts';

/** A push of many commits is large; more than this no forge sends. */
const maxHookBytes = 5 * 1024 * 1024;

export interface HookOptions {
  /** What the forges sign with; null: this farm takes no hooks. */
  readonly secret: string | null;
}

/**
 * `POST /hooks/FORGE`: wakes the poll of the branches that a push moved. That is all it does: what
 * there is to build is read from the repository itself.
 */
export function hookRoutes(context: WebContext, { secret }: HookOptions): Router {
  const { now, farm, sendCommand } = context;
  const failures = new Failures();
  const router = Router();
  const takeBody = express.raw({ type: () => true, limit: maxHookBytes });
  router.post('/hooks/:forge', takeBody, async (request, response) => {
    const forge = forges.get(request.params.forge);
    if (forge === undefined) throw problem('not-found', 'hooks: github, gitlab, forgejo or gitea');
    if (secret === null) {
      throw problem(
        'hooks-off',
        'set WEIR_HOOK_SECRET for the server that was asked, a master or a weir web, and give it to the forge',
      );
    }
    const body = bodyOf(request);
    checkSignature(request, body, forge, { secret, failures, now: now() });
    if (!forge.isPush(request.headers)) {
      response.json({ branches: [] });
      return;
    }
    const push = readPush(forge, body);
    const moved = movedBranches(followedBranchesOf(farm().file), push);
    const { farmRepository } = farm();
    const ofFarm = farmRepository && { repository: farmRepository.url, ref: farmRepository.branch };
    const movedFarm = ofFarm && movedBranches([ofFarm], push);
    if (moved === null && movedFarm === null) {
      throw problem('not-followed', 'the farm follows no such repository');
    }
    const branches = (moved ?? []).map(({ name }) => name);
    const farmFile = (movedFarm ?? []).length > 0;
    if (branches.length > 0 || farmFile) {
      await sendCommand(`hook:${request.params.forge}`, {
        t: 'poll',
        branches,
        ...(farmFile && { farmFile }),
      });
    }
    response.status(202).json({ branches, ...(farmFile && { farmFile }) });
  });
  return router;
}

function bodyOf({ body }: Request): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** @throws ProblemError, and sooner for who tries again and again */
function checkSignature(
  request: Request,
  body: Buffer,
  forge: Forge,
  { secret, failures, now }: { secret: string; failures: Failures; now: number },
): void {
  const address = request.ip ?? '';
  const waitMs = failures.waitMs(address, now);
  if (waitMs > 0) {
    const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
    throw problem('too-many-failures', 'too many wrong signatures came from there', { headers });
  }
  if (forge.isSigned(request.headers, body, secret)) return;
  failures.add(address, now);
  throw problem('wrong-signature', 'the secret of the forge is not the one of this farm');
}

/** @throws ProblemError that says what is wrong with the body */
function readPush(forge: Forge, body: Buffer): Push {
  try {
    return forge.read(JSON.parse(body.toString('utf8')));
  } catch (error) {
    const what = error instanceof SyntaxError ? 'it is no JSON' : 'it names no repository';
    throw problem('bad-hook', `${what}: choose application/json as the content type`, {
      cause: error,
    });
  }
}

/** The branches that a push may have moved; null when the repository is none of theirs. */
function movedBranches<Branch extends { repository: string; ref: string }>(
  branches: readonly Branch[],
  { repositories, branch }: Push,
): Branch[] | null {
  const named = new Set(repositories.map(canonicalRepository));
  const followed = branches.filter(({ repository }) => {
    const canonical = canonicalRepository(repository);
    return canonical !== null && named.has(canonical);
  });
  if (followed.length === 0) return null;
  return followed.filter(({ ref }) => branch === null || ref === branch);
}
