import process from 'node:process';
import { oneLine, series } from '@weir/model';
import { breakageSummarySchema, builderSchema, farmSchema } from '@weir/protocol';
import type { ApiBreakageSummary, ApiBuilder, ApiFarm } from '@weir/protocol';
import { z } from 'zod';
import type { CliCommand } from '../command.ts';
import { formatTable } from '../table.ts';
import { parseCommandLine } from '../usage.ts';
import { apiOptions, apiOptionsHelp, callApi } from './api.ts';

const listSchema = z.object({ items: z.array(builderSchema) });
const breakagesSchema = z.object({ items: z.array(breakageSummarySchema) });

/** What a worker says of an exception is cut to so many characters. */
const maxWhy = 300;

export const statusCommand: CliCommand = {
  name: 'status',
  summary: 'what is broken on a running farm, its builders with their verdicts, and its members',
  usage: `weir status\n${apiOptionsHelp}`,
  async run(args) {
    const { values } = parseCommandLine({ args, options: apiOptions });
    const [farmAnswer, buildersAnswer, breakagesAnswer] = await Promise.all([
      callApi(values, 'GET', '/api/v1/farm'),
      callApi(values, 'GET', '/api/v1/builders?limit=200'),
      callApi(values, 'GET', '/api/v1/breakages?state=open&limit=200'),
    ]);
    const breakages = breakagesSchema.parse(breakagesAnswer).items;
    if (values.json === true) {
      const builders = listSchema.parse(buildersAnswer).items;
      process.stdout.write(`${JSON.stringify({ farm: farmAnswer, breakages, builders })}\n`);
      return 0;
    }
    const farm = farmSchema.parse(farmAnswer);
    const rows = listSchema
      .parse(buildersAnswer)
      .items.map((builder) => [
        builder.name,
        builder.paused === null ? builder.verdict : `${builder.verdict}, paused`,
        builder.lastBuild === null
          ? '-'
          : `#${builder.lastBuild.number} ${builder.lastBuild.result ?? ''}`,
        builder.running.map((build) => `#${build.number}`).join(' ') || '-',
        String(builder.waiting),
        whyOf(builder),
      ]);
    process.stdout.write(
      `${farm.name}: ${farm.workersOnline} of ${farm.workers} workers online, ` +
        `${farm.slotsBusy} of ${farm.slots} slots busy, ${outOfReach(farm)}${farm.waiting} waiting\n` +
        farm.warnings.map((warning) => `! ${warning}\n`).join('') +
        breakages.map(breakageLine).join('') +
        membersTable(farm) +
        `\n${formatTable(['BUILDER', 'VERDICT', 'LAST', 'RUNNING', 'WAITING', 'WHY'], rows)}`,
    );
    return 0;
  },
};

/** Why the oldest request waits, and why the last build came to no result. */
function whyOf({ oldestWait, lastBuild }: ApiBuilder): string {
  const words = oldestWait === null ? [] : [oldestWait.reason as string];
  if (lastBuild?.result === 'exception') {
    words.push(`#${lastBuild.number}: ${oneLine(lastBuild.text, maxWhy)}`);
  }
  return words.join('; ');
}

/** Of a farm on several machines. */
function membersTable({ members }: ApiFarm): string {
  if (members.length === 0) return '';
  const rows = members.map(({ role, name, version, since, heardAt, silent, leads }) => [
    name,
    `${role}${leads ? ', leads' : ''}${silent ? ', silent' : ''}`,
    version,
    new Date(since).toISOString(),
    new Date(heardAt).toISOString(),
  ]);
  return `\n${formatTable(['MEMBER', 'ROLE', 'VERSION', 'SINCE', 'LAST HEARD'], rows)}`;
}

/** Builds on workers that are away. */
function outOfReach({ buildsRunning, slotsBusy }: ApiFarm): string {
  const away = buildsRunning - slotsBusy;
  return away > 0 ? `${away} ${away === 1 ? 'build' : 'builds'} out of reach, ` : '';
}

function breakageLine({ id, title, trunks, acknowledged }: ApiBreakageSummary): string {
  const isOn = acknowledged !== null && acknowledged.until > Date.now();
  return `✗ breakage ${id}: ${title} on ${series(trunks)}, ${isOn ? `${acknowledged.by} is on it` : 'nobody is on it'}\n`;
}
