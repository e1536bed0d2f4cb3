import type { MatrixChoice } from '@weir/model/layout';
import { matrixSorts } from '@weir/model/layout';
import type { Request } from 'express';
import { problem } from '../server/problems.ts';
import { one, oneOf } from './waterfall-ask.ts';

const words = ['upstream', 'trunk', 'platform', 'project'] as const;

/** @throws ProblemError when a value is none of those that there are */
export function matrixAsk(request: Request): MatrixChoice {
  const [upstream, trunk, platform, project] = words.map((name) => one(request, name));
  return {
    upstream,
    trunk,
    platform,
    project,
    red: one(request, 'red') !== undefined,
    sort: oneOf(request, 'sort', matrixSorts) ?? 'file',
    page: pageOf(one(request, 'page')),
  };
}

/** The address of the matrix with some things asked for otherwise. */
export function matrixPath(ask: Partial<MatrixChoice>): string {
  const query = new URLSearchParams();
  for (const name of words) {
    const value = ask[name];
    if (value !== undefined) query.set(name, value);
  }
  if (ask.red === true) query.set('red', '1');
  if (ask.sort !== undefined && ask.sort !== 'file') query.set('sort', ask.sort);
  if (ask.page !== undefined && ask.page > 1) query.set('page', String(ask.page));
  const text = query.toString();
  return text === '' ? '/matrix' : `/matrix?${text}`;
}

function pageOf(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw problem('bad-query', 'page takes a number from 1');
  return Number(text);
}
