import type { Request } from 'express';
import { problem } from '../server/problems.ts';
import { one } from './waterfall-ask.ts';

export const consoleLimits = [25, 50, 100] as const;

/** Which rows and columns, and how much of them: all of it stands in the address. */
export interface ConsoleAsk {
  /** `UPSTREAM/TRUNK`; the farm file's first when absent. */
  readonly trunk?: string | undefined;
  readonly project?: string | undefined;
  readonly limit: number;
  /** Boxes of one build are one box. */
  readonly merged: boolean;
  /** Without the messages and the lines that name what newly failed. */
  readonly collapsed: boolean;
}

/** @throws ProblemError when a value is none of those that there are */
export function consoleAsk(request: Request): ConsoleAsk {
  return {
    trunk: one(request, 'trunk'),
    project: one(request, 'project'),
    limit: limitOf(one(request, 'limit')),
    merged: one(request, 'merged') !== undefined,
    collapsed: one(request, 'collapsed') !== undefined,
  };
}

export function consolePath(ask: Partial<ConsoleAsk>): string {
  const query = new URLSearchParams();
  if (ask.trunk !== undefined) query.set('trunk', ask.trunk);
  if (ask.project !== undefined) query.set('project', ask.project);
  if (ask.limit !== undefined && ask.limit !== consoleLimits[0]) {
    query.set('limit', String(ask.limit));
  }
  if (ask.merged === true) query.set('merged', '1');
  if (ask.collapsed === true) query.set('collapsed', '1');
  const text = query.toString();
  return text === '' ? '/console' : `/console?${text}`;
}

function limitOf(text: string | undefined): number {
  const limit = consoleLimits.find((each) => String(each) === (text ?? String(consoleLimits[0])));
  if (limit === undefined) {
    throw problem('bad-query', `limit takes one of ${consoleLimits.join(', ')}`);
  }
  return limit;
}
