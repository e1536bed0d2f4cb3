/**
 * Replays a repository's history into a bare clone while a farm follows it, one first-parent commit after another:
 *
 *     git clone --bare https://github.com/lua/lua lua.git
 *     git -C lua.git update-ref refs/heads/master v5.4.6     # where the farm begins
 *     node scripts/replay.ts lua.git master v5.4.6..v5.5.0 --every 5s
 *     node scripts/replay.ts lua.git master v5.4.6..v5.5.0 --wait-idle http://127.0.0.1:8010
 *
 * With --wait-idle the next commit comes when the farm has seen the last one and has nothing left to build. The farm names the clone under `remotes`;
 * its trunk wants `{ poll: 1s, stable-for: 0s }`, or it spends the time waiting.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const lookEveryMs = 500;
const farmSchema = z.object({ waiting: z.number(), slotsBusy: z.number() });
const changesSchema = z.object({ items: z.array(z.object({ commit: z.string() })) });

const { values, positionals } = parseArgs({
  options: { every: { type: 'string', default: '5s' }, 'wait-idle': { type: 'string' } },
  allowPositionals: true,
});
const [repository, branch, range] = positionals;
const seconds = /^(\d+)s$/.exec(values.every)?.[1];
if (repository === undefined || branch === undefined || !range?.includes('..') || !seconds) {
  process.stderr.write(
    'usage: node scripts/replay.ts BARE BRANCH FROM..TO [--every 5s] [--wait-idle URL]\n',
  );
  process.exit(2);
}
const farm = values['wait-idle'];
const commits = git('rev-list', '--first-parent', '--reverse', range).split('\n').filter(Boolean);
for (const [index, commit] of commits.entries()) {
  git('update-ref', `refs/heads/${branch}`, commit);
  process.stdout.write(
    `${index + 1}/${commits.length} ${git('log', '-1', '--format=%h %s', commit)}\n`,
  );
  if (farm === undefined) await sleep(Number(seconds) * 1_000);
  else await idle(farm, commit);
}

function git(...args: string[]): string {
  return execFileSync('git', [`--git-dir=${repository}`, ...args], { encoding: 'utf8' }).trim();
}

/** Resolves when the farm knows the commit, and has been without work for two looks: one build's end may ask for the next. */
async function idle(url: string, commit: string): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    await sleep(lookEveryMs);
    const { items } = changesSchema.parse(await ask(`${url}/api/v1/changes?limit=20`));
    const { waiting, slotsBusy } = farmSchema.parse(await ask(`${url}/api/v1/farm`));
    const isQuiet = items.some((item) => item.commit === commit) && waiting + slotsBusy === 0;
    quiet = isQuiet ? quiet + 1 : 0;
  }
}

async function ask(address: string): Promise<unknown> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return await response.json();
}
