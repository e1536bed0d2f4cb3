import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { createSmallFarm } from './support/small-farm.ts';

it('a hook has a push seen at once, on a branch that is else asked once an hour', async () => {
  await using repositories = await createSmallFarm();
  const secret = 'secret of the hooks';
  await using farm = await FarmProcess.start({
    farm: repositories.farm().replaceAll('poll: 1s', 'poll: 1h'),
    remotes: repositories.remotes,
    env: { WEIR_HOOK_SECRET: secret },
  });
  const first = await farm.events.until('change.seen', { data: { branch: 'lang/main' } });
  const commit = await repositories.lang.commit({ message: 'Move on', files: { b: '1' } });

  const body = JSON.stringify({
    ref: 'refs/heads/main',
    repository: { clone_url: 'https://git.example/lang.git' },
  });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const response = await fetch(new URL('/hooks/github', farm.url), {
    method: 'POST',
    body,
    headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` },
  });

  assert.deepEqual(await response.json(), { branches: ['lang/main'] });
  const data = { branch: 'lang/main', commit };
  await farm.events.until('change.seen', { after: first.number, data });
});
