import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { parseCommandLine, UsageError } from '../usage.ts';
import { apiOptions, apiOptionsHelp, callApi } from './api.ts';

/** A command that posts to the API, about one thing and with a reason. */
interface Post {
  readonly name: string;
  readonly summary: string;
  readonly synopsis: string;
  readonly extra?: Readonly<Record<string, { readonly type: 'string' }>>;
  readonly extraHelp?: string;
  /** From what the command line names to the API's path. */
  path(subject: readonly string[]): string;
  /** How many words name the thing. */
  readonly words: number;
  body?(
    subject: readonly string[],
    values: Readonly<Record<string, unknown>>,
  ): Record<string, unknown>;
  done(subject: readonly string[], answer: unknown): string;
}

const nouns = ['builder', 'worker'] as const;

const posts: readonly Post[] = [
  {
    name: 'force',
    summary: 'ask for a build now',
    synopsis: 'weir force BUILDER --reason TEXT [--upstream COMMIT] [--project COMMIT]',
    extra: { upstream: { type: 'string' }, project: { type: 'string' } },
    extraHelp: `
  --upstream COMMIT  of the trunk (default: its newest known change)
  --project COMMIT   of the project (default: its newest known change)`,
    words: 1,
    path: () => '/api/v1/requests',
    body: ([builder], { upstream, project }) => ({ builder, upstream, project }),
    done: ([builder], answer) => `Request ${idOf(answer)} waits for ${builder}.`,
  },
  {
    name: 'cancel',
    summary: 'end a running build',
    synopsis: 'weir cancel BUILD --reason TEXT',
    words: 1,
    path: ([build]) => `/api/v1/builds/${whole(build, "build's id")}/cancel`,
    done: ([build]) => `Build ${build} is being ended.`,
  },
  {
    name: 'again',
    summary: 'build the same revisions once more',
    synopsis: 'weir again BUILD --reason TEXT',
    words: 1,
    path: ([build]) => `/api/v1/builds/${whole(build, "build's id")}/again`,
    done: ([build], answer) => `Request ${idOf(answer)} repeats build ${build}.`,
  },
  {
    name: 'accept-tests',
    summary: 'take the tests of a build that lost some for all there are',
    synopsis: 'weir accept-tests BUILD --reason TEXT',
    words: 1,
    path: ([build]) => `/api/v1/builds/${whole(build, "build's id")}/accept-tests`,
    done: ([build], answer) => `Request ${idOf(answer)} repeats build ${build}.`,
  },
  {
    name: 'acknowledge',
    summary: 'say who is on a breakage',
    synopsis: 'weir acknowledge BREAKAGE --by NAME --reason TEXT [--hours N]',
    extra: { by: { type: 'string' }, hours: { type: 'string' } },
    extraHelp: `
  --by NAME      who is on it
  --hours N      for how long (default 24)`,
    words: 1,
    path: ([breakage]) => `/api/v1/breakages/${whole(breakage, 'breakage')}/acknowledge`,
    body: (_, { by, hours }) => {
      if (typeof by !== 'string') throw new UsageError('--by NAME is missing: who is on it?');
      return { by, ...(typeof hours === 'string' && { hours: whole(hours, 'number of hours') }) };
    },
    done: ([breakage]) => `Breakage ${breakage} has somebody on it.`,
  },
  {
    name: 'pause',
    summary: 'give a builder or a worker no more builds',
    synopsis: 'weir pause builder|worker NAME --reason TEXT',
    words: 2,
    path: (subject) => `${pathOf(subject)}/pause`,
    done: ([noun, name]) => `The ${noun} ${name} is paused.`,
  },
  {
    name: 'resume',
    summary: 'end the pause of a builder or a worker',
    synopsis: 'weir resume builder|worker NAME --reason TEXT',
    words: 2,
    path: (subject) => `${pathOf(subject)}/resume`,
    done: ([noun, name]) => `The ${noun} ${name} takes builds again.`,
  },
];

/** Commands by people: each with a reason, which is kept with who and when. */
export const commandsByPeople: readonly CliCommand[] = posts.map((post) => ({
  name: post.name,
  summary: post.summary,
  usage: `${post.synopsis}\n
  --reason TEXT  kept with the command${post.extraHelp ?? ''}${apiOptionsHelp}`,
  run: (args) => runPost(post, args),
}));

async function runPost(post: Post, args: string[]): Promise<number> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: { ...apiOptions, reason: { type: 'string' }, ...post.extra },
  });
  if (positionals.length !== post.words) throw new UsageError(`usage: ${post.synopsis}`);
  const { reason } = values;
  if (typeof reason !== 'string') {
    throw new UsageError('--reason TEXT is missing: people will ask why');
  }
  const body = { reason, ...post.body?.(positionals, values) };
  const answer = await callApi(values, 'POST', post.path(positionals), body);
  process.stdout.write(
    `${values.json === true ? JSON.stringify(answer) : post.done(positionals, answer)}\n`,
  );
  return 0;
}

function pathOf([noun, name]: readonly string[]): string {
  if (!nouns.some((known) => known === noun)) {
    throw new UsageError(`'${noun}' is neither builder nor worker`);
  }
  return `/api/v1/${noun}s/${encodeURIComponent(name ?? '')}`;
}

function whole(text: string | undefined, what: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new UsageError(`'${text}' is no ${what}`);
  return number;
}

function idOf(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'id' in answer ? String(answer.id) : '';
}
