import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { isEmptyPlan, planSentence } from '@weir/model';
import type { ApiPlanAnswer, FarmFileError, FarmFiles } from '@weir/protocol';
import { farmVersionSchema, planAnswerSchema } from '@weir/protocol';
import { z } from 'zod';
import type { CliCommand } from '../command.ts';
import { parseCommandLine, UsageError } from '../usage.ts';
import type { ApiOptions } from './api.ts';
import { apiOptions, apiOptionsHelp, ApiProblem, callApi } from './api.ts';
import { formatDifference, formatPlan } from './plan-text.ts';

const versionsSchema = z.object({ items: z.array(farmVersionSchema) });

export const applyCommand: CliCommand = {
  name: 'apply',
  summary: 'put a farm file in force on a running farm, or an older version of it',
  usage: `weir apply FILE --reason TEXT [--against VERSION]
weir apply --rollback [VERSION] --reason TEXT [--against VERSION]
weir apply FILE --dry-run

Sends FILE, with the files that it includes, to a running farm. The master checks all of it, says
what it changes, and applies it at once or not at all. It becomes a version: 'weir versions'.
What runs goes on as it was begun.

  --dry-run          say what would change, and change nothing
  --rollback         apply VERSION again; without one, the version before the one in force
  --against VERSION  only if that version is still in force; --dry-run names it
  --reason TEXT      kept with the version${apiOptionsHelp}

Exit status: 0 when it is in force, 1 when it is not.
With --dry-run, as of 'terraform plan -detailed-exitcode': 0 when nothing would change, 2 when
something would, 1 for an error.`,
  async run(args) {
    try {
      return await runApply(args);
    } catch (error) {
      // Status 2 says here that something would change.
      if (!(error instanceof UsageError)) throw error;
      throw new Error(`${error.message}\n'weir apply --help' says how it is used.`, {
        cause: error,
      });
    }
  },
};

interface ApplyOptions extends ApiOptions {
  readonly json?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly against?: number | undefined;
}

/** What is to come into force. */
type Asked =
  | { readonly file: FarmFiles; readonly path: string; readonly texts: ReadonlyMap<string, string> }
  | { readonly version: number };

async function runApply(args: string[]): Promise<number> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: {
      ...apiOptions,
      'dry-run': { type: 'boolean' },
      rollback: { type: 'boolean' },
      against: { type: 'string' },
      reason: { type: 'string' },
    },
  });
  const { 'dry-run': isDry = false, rollback = false, against, ...rest } = values;
  const options = { ...rest, against: against === undefined ? undefined : numberOf(against) };
  if (!isDry && options.reason === undefined) {
    throw new UsageError('--reason TEXT is missing: people will ask why');
  }
  const asked = rollback ? await versionAsked(positionals, options) : await fileAsked(positionals);
  if (asked === null) return 1;
  try {
    return isDry ? await dryRun(asked, options) : await apply(asked, options);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.problem.errors === undefined) throw error;
    await tellErrors(error, asked, options);
    return 1;
  }
}

async function planFor(asked: Asked, options: ApplyOptions): Promise<ApiPlanAnswer> {
  const body = 'file' in asked ? { file: asked.file } : { version: asked.version };
  return planAnswerSchema.parse(await callApi(options, 'POST', '/api/v1/farm/plan', body));
}

async function dryRun(asked: Asked, options: ApplyOptions): Promise<number> {
  const answer = await planFor(asked, options);
  if (options.json === true) print(JSON.stringify(answer));
  else {
    print(planText(asked, answer));
    if (answer.text !== null && answer.text !== '') print(formatDifference(answer.text));
  }
  return answer.isSame ? 0 : 2;
}

async function apply(asked: Asked, options: ApplyOptions): Promise<number> {
  const answer = await planFor(asked, options);
  const against = options.against ?? answer.against;
  if (answer.isSame && against === answer.against) {
    print(options.json === true ? JSON.stringify(answer) : planText(asked, answer));
    return 0;
  }
  if (options.json !== true) print(planText(asked, answer));
  const { reason } = options;
  const applied =
    'file' in asked
      ? await callApi(options, 'POST', '/api/v1/farm/versions', {
          file: asked.file,
          reason,
          against,
        })
      : await callApi(options, 'POST', `/api/v1/farm/versions/${asked.version}/roll-back`, {
          reason,
          against,
        });
  const { id } = farmVersionSchema.parse(applied);
  print(
    options.json === true
      ? JSON.stringify({ ...answer, version: applied })
      : `Version ${id} is in force.`,
  );
  return 0;
}

function planText(asked: Asked, { against, isSame, plan }: ApiPlanAnswer): string {
  const what = 'file' in asked ? asked.path : `version ${asked.version}`;
  if (isSame) return `Nothing to apply: ${what} is what is in force as version ${against}.`;
  const lines = isEmptyPlan(plan) ? '' : `${formatPlan(plan)}\n`;
  return `Plan for ${what} against version ${against}:\n\n${lines}${planSentence(plan)}.\n`;
}

/** Null when files can't be read; why is said. */
async function fileAsked(positionals: readonly string[]): Promise<Asked | null> {
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError('apply takes one FILE');
  const { filesOf, formatFarmErrors, readFarmFile } = await import('@weir/master');
  const reading = await readFarmFile(path);
  // All else that is wrong is for the farm to say: its Weir may be another one than this.
  const unread = reading.ok ? [] : reading.errors.filter(({ line }) => line === 0);
  if (unread.length > 0) {
    process.stderr.write(`${formatFarmErrors(unread, reading.texts, { colour: isColoured() })}\n`);
    return null;
  }
  const { texts } = reading;
  return { file: { ...filesOf(texts), path: basename(path) }, path, texts };
}

async function versionAsked(positionals: readonly string[], options: ApplyOptions): Promise<Asked> {
  const [version, ...more] = positionals;
  if (more.length > 0) throw new UsageError('--rollback takes one VERSION');
  if (version !== undefined) return { version: numberOf(version) };
  const list = await callApi(options, 'GET', '/api/v1/farm/versions?limit=2');
  const [, before] = versionsSchema.parse(list).items;
  if (before === undefined) throw new Error('there is no version before the one in force');
  return { version: before.id };
}

/** What is wrong with a farm file, as 'weir check' shows it. */
async function tellErrors(
  { problem, message }: ApiProblem,
  asked: Asked,
  { json }: ApplyOptions,
): Promise<void> {
  if (json === true) return print(JSON.stringify(problem));
  const { formatFarmErrors } = await import('@weir/master');
  const here = 'file' in asked ? dirname(asked.path) : '';
  const errors = (problem.errors ?? []).map((error): FarmFileError => ({
    ...error,
    file: join(here, error.file),
  }));
  const texts = 'file' in asked ? asked.texts : new Map<string, string>();
  process.stderr.write(`${formatFarmErrors(errors, texts, { colour: isColoured() })}\n`);
  process.stderr.write(`weir apply: ${message}; nothing changed\n`);
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`'${text}' is no version: 'weir versions' lists them`);
}

function isColoured(): boolean {
  return process.stderr.isTTY && !process.env['NO_COLOR'];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
