import process from 'node:process';
import { buildersInWords, isEmptyPlan, sourceInWords } from '@weir/model';
import { farmVersionSchema, versionDifferenceSchema } from '@weir/protocol';
import { z } from 'zod';
import type { CliCommand } from '../command.ts';
import { formatTable } from '../table.ts';
import { parseCommandLine, UsageError } from '../usage.ts';
import type { ApiOptions } from './api.ts';
import { apiOptions, apiOptionsHelp, callApi } from './api.ts';
import { formatDifference, formatPlan } from './plan-text.ts';

const listSchema = z.object({ items: z.array(farmVersionSchema) });

export const versionsCommand: CliCommand = {
  name: 'versions',
  summary: 'the farm files that are or were in force, and what each changed',
  usage: `weir versions
weir versions VERSION [--from VERSION]

The first lists the newest 200 versions of the farm file; the second shows what one changed, and
needs the admin token. 'weir apply --rollback VERSION' applies one again.

  --from VERSION  compare with that one (default: the one before)${apiOptionsHelp}`,
  async run(args) {
    const { values, positionals } = parseCommandLine({
      args,
      allowPositionals: true,
      options: { ...apiOptions, from: { type: 'string' } },
    });
    const [version, ...more] = positionals;
    if (more.length > 0) throw new UsageError('versions takes one VERSION');
    if (version === undefined) return list(values);
    return show(
      numberOf(version),
      values.from === undefined ? null : numberOf(values.from),
      values,
    );
  },
};

async function list(options: ApiOptions & { json?: boolean | undefined }): Promise<number> {
  const answer = await callApi(options, 'GET', '/api/v1/farm/versions?limit=200');
  if (options.json === true) return print(JSON.stringify(answer));
  const rows = listSchema
    .parse(answer)
    .items.map((version) => [
      `${version.id}${version.isInForce ? ' in force' : ''}`,
      new Date(version.at).toISOString(),
      version.by,
      sourceInWords(version),
      buildersInWords(version),
      version.reason ?? '-',
    ]);
  return print(
    formatTable(['VERSION', 'APPLIED', 'BY', 'FROM', 'BUILDERS', 'REASON'], rows).trimEnd(),
  );
}

async function show(
  id: number,
  from: number | null,
  options: ApiOptions & { json?: boolean | undefined },
): Promise<number> {
  const query = from === null ? '' : `?from=${from}`;
  const path = `/api/v1/farm/versions/${id}`;
  const answer = await callApi(options, 'GET', `${path}/difference${query}`);
  if (options.json === true) return print(JSON.stringify(answer));
  const version = farmVersionSchema.parse(await callApi(options, 'GET', path));
  const difference = versionDifferenceSchema.parse(answer);
  const { plan, because, text } = difference;
  const when = new Date(version.at).toISOString();
  const why = version.reason === null ? '' : `: ${version.reason}`;
  print(`Version ${id}, ${sourceInWords(version)}, applied ${when} by ${version.by}${why}`);
  print(difference.from === 0 ? 'The first one.\n' : `Against version ${difference.from}:\n`);
  if (plan === null) print(`No plan: ${because}.\n`);
  else if (isEmptyPlan(plan)) print('It means the same.\n');
  else print(formatPlan(plan));
  return print(
    text === null ? 'The texts have too little in common to compare.' : formatDifference(text),
  );
}

function numberOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`'${text}' is no version: 'weir versions' lists them`);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
