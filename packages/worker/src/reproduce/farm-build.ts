import {
  apiSpecSchema,
  maxResolvedBytes,
  maxResolvedFiles,
  problemSchema,
  results,
  sha256Schema,
  stepReportSchema,
  workspacePathSchema,
} from '@weir/protocol';
import type { ApiSpec } from '@weir/protocol';
import { z } from 'zod';
import { ObjectRefusedError, ask } from '../artifact/ask-farm.ts';
import type { Answer, FarmObjects } from '../artifact/ask-farm.ts';
import { ReproduceError } from './error.ts';

const endSchema = z.object({
  result: z.enum(results).nullable(),
  /** Not by their list: a newer farm may know more. */
  findings: z.array(z.string().max(100)).max(100),
  text: z.string().max(10_000),
});

/** How a build went, as far as it is compared. */
const ranSchema = endSchema.extend({
  steps: z
    .array(
      endSchema.extend({
        name: z.string(),
        exitCode: z.number().int().nullable().optional(),
        report: stepReportSchema.pick({ totals: true, named: true }).nullable(),
      }),
    )
    .max(102),
  environment: z.record(z.string(), z.string()),
});
export type Ran = z.infer<typeof ranSchema>;

const farmBuildSchema = ranSchema.extend({
  id: z.number().int(),
  builder: z.string(),
  number: z.number().int(),
  worker: z.string(),
  /** What a runtime builder's build made. */
  artifact: z.object({ sha256: z.string(), build: z.number().int() }).nullable(),
  /** What its dependencies came to there; an older farm does not know. */
  resolved: z
    .object({
      files: z
        .array(
          z.object({
            step: z.number().int(),
            path: workspacePathSchema,
            sha256: sha256Schema.nullable(),
            bytes: z.number().int().nonnegative().max(maxResolvedBytes).nullable(),
            text: z.string().max(1_000),
          }),
        )
        .max(100 * maxResolvedFiles),
    })
    .nullable()
    .default(null),
});
export type FarmBuild = z.infer<typeof farmBuildSchema>;

/** What the farm says of a build and of what its worker was told. @throws ReproduceError */
export async function askForBuild(
  place: FarmObjects,
  id: number,
): Promise<{ build: FarmBuild; order: ApiSpec }> {
  const [build, order] = await Promise.all([
    askJson(place, `/api/v1/builds/${id}`, farmBuildSchema),
    askJson(place, `/api/v1/builds/${id}/spec`, apiSpecSchema),
  ]);
  return { build, order };
}

/** Whether the farm has the bytes of an object. @throws ReproduceError */
export async function hasObject(place: FarmObjects, path: string): Promise<boolean> {
  const { status } = await askOnce(place, path, 'HEAD');
  return status === 200;
}

async function askJson<T>(place: FarmObjects, path: string, schema: z.ZodType<T>): Promise<T> {
  const { status, body } = await askOnce(place, path, 'GET');
  let said: unknown;
  try {
    said = JSON.parse(body.toString());
  } catch {
    // A proxy's page, say.
  }
  const answer = schema.safeParse(said);
  if (status === 200 && answer.success) return answer.data;
  const problem = problemSchema.safeParse(said);
  if (problem.success) throw new ReproduceError(`${problem.data.detail} (${problem.data.code})`);
  const [issue] = answer.error?.issues ?? [];
  const why = status === 200 ? `${issue?.path.join('.')}: ${issue?.message}` : status;
  throw new ReproduceError(
    `${place.farm} answered ${path} with what no farm of this version says (${why})`,
  );
}

async function askOnce(place: FarmObjects, path: string, method: 'GET' | 'HEAD'): Promise<Answer> {
  try {
    return await ask(new URL(path, place.farm), place, { method });
  } catch (error) {
    place.signal.throwIfAborted();
    const why =
      error instanceof ObjectRefusedError
        ? error.message
        : `no farm answers at ${place.farm}: is the address right?`;
    throw new ReproduceError(why, { cause: error });
  }
}
