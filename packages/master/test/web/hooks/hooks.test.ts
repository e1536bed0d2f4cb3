import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import process from 'node:process';
import { problemSchema } from '@weir/protocol';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { SmallFarm } from '../small-farm.ts';
import { startSmallFarm } from '../small-farm.ts';

const secret = 'secret of the hooks';
const github = {
  ref: 'refs/heads/master',
  repository: {
    clone_url: 'https://git.example/LUA.git',
    ssh_url: 'git@git.example:lua.git',
    html_url: 'https://git.example/lua',
  },
};
const gitlab = {
  ref: 'refs/heads/main',
  project: { git_http_url: 'https://git.example/json.git', web_url: 'https://git.example/json' },
};

function sign(body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

describe('hooks of forges', () => {
  let farm: SmallFarm;

  before(async () => {
    process.env['WEIR_HOOK_SECRET'] = secret;
    farm = await startSmallFarm();
    delete process.env['WEIR_HOOK_SECRET'];
  });
  beforeEach(() => {
    farm.commands.length = 0;
  });
  after(() => farm?.[Symbol.asyncDispose]());

  const post = (
    forge: string,
    body: string,
    headers: Record<string, string>,
    to = farm,
  ): Promise<Response> =>
    fetch(`${to.url}/hooks/${forge}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
  const codeOf = async (response: Response): Promise<string> =>
    `${response.status} ${((await response.json()) as { code?: string }).code ?? ''}`;

  const asGithub = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    post('github', body, {
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${sign(body)}`,
      ...headers,
    });

  it('of GitHub, Forgejo, Gitea and GitLab wake the poll of the branch that moved', async () => {
    const body = JSON.stringify(github);
    const answers = [
      await asGithub(body),
      await post('forgejo', body, {
        'x-forgejo-event': 'push',
        'x-forgejo-signature': sign(body),
      }),
      await post('gitea', body, { 'x-gitea-event': 'push', 'x-gitea-signature': sign(body) }),
      await post('gitlab', JSON.stringify(gitlab), {
        'x-gitlab-event': 'Push Hook',
        'x-gitlab-token': secret,
      }),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 202, 202, 202],
    );
    assert.deepEqual(
      farm.commands.map(({ actor, command }) => [actor, command]),
      [
        ['hook:github', { t: 'poll', branches: ['lua/master'] }],
        ['hook:forgejo', { t: 'poll', branches: ['lua/master'] }],
        ['hook:gitea', { t: 'poll', branches: ['lua/master'] }],
        ['hook:gitlab', { t: 'poll', branches: ['json'] }],
      ],
    );
  });

  it('wake nothing for another branch, and are told so', async () => {
    const response = await asGithub(JSON.stringify({ ...github, ref: 'refs/heads/topic' }));
    assert.deepEqual(await response.json(), { branches: [] });
    assert.deepEqual(farm.commands, []);
  });

  it('that only say hello are answered', async () => {
    const response = await asGithub('{"zen":"Keep it logically awesome."}', {
      'x-github-event': 'ping',
    });
    assert.equal(response.status, 200);
  });

  it('are refused with one reason each', async () => {
    const other = JSON.stringify({ ...github, repository: { clone_url: 'https://git.example/x' } });
    const body = JSON.stringify(github);
    assert.equal(await codeOf(await asGithub(other)), '404 not-followed');
    assert.equal(await codeOf(await asGithub('{')), '400 bad-hook');
    assert.equal(await codeOf(await asGithub('{"repository":7}')), '400 bad-hook');
    assert.equal(await codeOf(await asGithub('')), '400 bad-hook');
    assert.equal(await codeOf(await post('sourceforge', body, {})), '404 not-found');
    assert.equal(await codeOf(await asGithub('x'.repeat(6_000_000))), '413 body-too-large');
    assert.deepEqual(farm.commands, []);
  });

  it('without the right signature are refused, and slowed down', async () => {
    await using quiet = await startSmallFarm();
    const off = problemSchema.parse(await (await post('github', '{}', {}, quiet)).json());
    assert.equal(off.code, 'hooks-off');
    assert.match(off.detail ?? '', /WEIR_HOOK_SECRET for the server that was asked/);
    const wrong = { 'x-hub-signature-256': `sha256=${sign('other')}` };
    const answers = [];
    for (let time = 0; time < 20; time += 1) {
      answers.push(await codeOf(await asGithub('{}', wrong)));
    }
    assert.equal(answers[0], '401 wrong-signature');
    assert.equal(answers.at(-1), '429 too-many-failures');
    assert.deepEqual(farm.commands, []);
  });
});
