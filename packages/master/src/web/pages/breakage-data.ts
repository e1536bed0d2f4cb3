import { linesThatMatter, reproduction } from '@weir/model';
import type { ApiBuild } from '@weir/protocol';
import type { WebContext } from '../context.ts';
import { readBreakage } from '../read/breakages.ts';
import { readBuild } from '../read/builds.ts';
import { logById } from '../read/logs.ts';
import type { BreakageView, FailedLog } from './breakage.ts';

/** Of a log's end so many lines are looked through for those that matter. */
const tailLines = 400;
const maxLineBytes = 1_000;

export async function readBreakageView(
  context: WebContext,
  id: number,
): Promise<BreakageView | undefined> {
  const breakage = await readBreakage(context.db, id);
  if (breakage === undefined) return undefined;
  const shown = breakage.shows.find(({ closedAt }) => closedAt === null) ?? breakage.shows[0];
  const build = shown && (await readBuild(context.db, context.logs, shown.confirmBuild));
  if (shown === undefined || build === undefined) return { breakage, failed: null, reproduce: [] };
  return {
    breakage,
    failed: await readFailedLog(context, build),
    reproduce: reproduction(context.farm().file, {
      ...shown,
      upstream: breakage.trunk.split('/')[0] ?? '',
      upstreamCommit: build.revisions.upstream,
      projectCommit: build.revisions.project,
    }),
  };
}

async function readFailedLog({ db, logs }: WebContext, build: ApiBuild): Promise<FailedLog | null> {
  const step = build.steps.find(({ result }) => result === 'failure');
  const row = step?.log ? await logById(db, step.log.id) : undefined;
  if (step === undefined || row === undefined) return null;
  const { lines } = await logs.extent(row);
  const tail = await logs.lines(row, Math.max(0, lines - tailLines), tailLines);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const text = tail.map(({ bytes }) => decoder.decode(bytes.subarray(0, maxLineBytes)));
  const { builder } = build;
  return { builder, step: step.name, log: row.id, lines: linesThatMatter(text.join('\n')) };
}
