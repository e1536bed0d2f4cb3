import type { Result, Tier } from '@weir/protocol';
import { results, tiers } from '@weir/protocol';
import type { Request } from 'express';
import { problem } from '../server/problems.ts';

/** Which columns, which builds in them, and from where on downward: all of it stands in the address. */
export interface WaterfallAsk {
  readonly upstream?: string | undefined;
  readonly trunk?: string | undefined;
  readonly project?: string | undefined;
  readonly platform?: string | undefined;
  readonly tier?: Tier | undefined;
  /** Builders named one by one. */
  readonly builders: readonly string[];
  /** Only builders whose verdict is red. */
  readonly red: boolean;
  /** Only builds of this worker, and the columns that have some. */
  readonly worker?: string | undefined;
  /** Only builds with this result, and the columns that have some. */
  readonly result?: Result | undefined;
  /** How much each box shows. */
  readonly zoom: Zoom;
  /** What the boxes of builders are grouped by. */
  readonly group: Group;
  /** Only builds older than the one with this id. */
  readonly before?: number | undefined;
}

/** `small`: a number and a glyph, for many columns. `normal`: times and steps as well. */
export const zooms = ['normal', 'small'] as const;
export type Zoom = (typeof zooms)[number];

export const groups = ['trunk', 'project', 'platform'] as const;
export type Group = (typeof groups)[number];

const words = ['upstream', 'trunk', 'project', 'platform', 'worker'] as const;

/** @throws ProblemError when a value is none of those that there are */
export function waterfallAsk(request: Request): WaterfallAsk {
  const [upstream, trunk, project, platform, worker] = words.map((name) => one(request, name));
  return {
    upstream,
    trunk,
    project,
    platform,
    worker,
    tier: oneOf(request, 'tier', tiers),
    builders: all(request, 'builder'),
    red: one(request, 'red') !== undefined,
    result: oneOf(request, 'result', results),
    zoom: oneOf(request, 'zoom', zooms) ?? 'normal',
    group: oneOf(request, 'group', groups) ?? 'trunk',
    before: idOf(one(request, 'before')),
  };
}

/** The address of the waterfall with some things asked for otherwise. */
export function waterfallPath(ask: Partial<WaterfallAsk>): string {
  const query = new URLSearchParams();
  for (const name of [...words, 'tier', 'result', 'before'] as const) {
    const value = ask[name];
    if (value !== undefined) query.set(name, String(value));
  }
  for (const name of ask.builders ?? []) query.append('builder', name);
  if (ask.red === true) query.set('red', '1');
  if (ask.zoom === 'small') query.set('zoom', ask.zoom);
  if (ask.group !== undefined && ask.group !== 'trunk') query.set('group', ask.group);
  const text = query.toString();
  return text === '' ? '/' : `/?${text}`;
}

/** The value of a parameter of the query; undefined when it is absent or empty. */
export function one(request: Request, name: string): string | undefined {
  return all(request, name)[0];
}

/** All values of a parameter of the query, without the empty ones. */
export function all(request: Request, name: string): string[] {
  const value = request.query[name];
  const values = Array.isArray(value) ? value : [value];
  return values.filter((each): each is string => typeof each === 'string' && each !== '');
}

/** One of a few words or numbers; undefined when it is absent or empty. @throws ProblemError for another */
export function oneOf<T extends string | number>(
  request: Request,
  name: string,
  values: readonly T[],
): T | undefined {
  const text = one(request, name);
  if (text === undefined) return undefined;
  const value = values.find((each) => String(each) === text);
  if (value === undefined) throw problem('bad-query', `${name} takes one of ${values.join(', ')}`);
  return value;
}

function idOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw problem('bad-query', 'before takes the id of a build');
  return Number(text);
}
