import assert from 'node:assert/strict';
import { planAnswerSchema, problemSchema, versionDifferenceSchema } from '@weir/protocol';
import type { Problem } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { validatedFetch } from '../../../../../test/support/api.ts';
import { CommandError } from '../../../src/command.ts';
import { addVersion, adminToken, farmText, startSmallFarm } from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

const fileOf = (text: string) => ({ path: 'farm.yaml', text });

describe('the doors of the farm file', () => {
  let farm: SmallFarm;
  before(async () => {
    farm = await startSmallFarm();
    await addVersion(farm, farmText);
    await addVersion(farm, 'farm: [');
  });
  after(() => farm?.[Symbol.asyncDispose]());

  function ask(
    path: string,
    token: string | null = adminToken,
    init?: RequestInit,
  ): Promise<Response> {
    const headers = { ...(token !== null && { authorization: `Bearer ${token}` }) };
    const given = { ...headers, ...(init && { 'content-type': 'application/json' }) };
    return validatedFetch(`${farm.url}/api/v1/farm/${path}`, { ...init, headers: given });
  }

  function post(path: string, body: unknown, token: string | null = adminToken): Promise<Response> {
    return ask(path, token, { method: 'POST', body: JSON.stringify(body) });
  }

  async function refused(response: Response): Promise<Problem> {
    const refusal = problemSchema.parse(await response.json());
    assert.equal(refusal.status, response.status);
    return refusal;
  }

  it('plan a file that is larger than what other doors take', async () => {
    const text = `${farmText}# ${'x'.repeat(100_000)}\n`;

    const answer = planAnswerSchema.parse(
      await (await post('plan', { file: fileOf(text) })).json(),
    );

    assert.deepEqual(answer.plan.builders, []);
    assert.deepEqual([answer.against, answer.isSame], [1, false]);
    const same = await post('plan', { version: 1 });
    assert.equal(planAnswerSchema.parse(await same.json()).isSame, true);
  });

  it('take no large body from who is not signed in, and none that is larger than any farm', async () => {
    const large = { file: fileOf('#'.repeat(70_000)) };
    const stranger = await refused(await post('plan', large, null));
    assert.deepEqual(
      [stranger.code, stranger.detail],
      ['body-too-large', 'the body is larger than 64 KiB'],
    );

    const huge = await refused(await post('plan', { file: fileOf('#'.repeat(9_000_000)) }));
    assert.deepEqual([huge.code, huge.detail], ['body-too-large', 'the body is larger than 8 MiB']);
  });

  it('say all that is wrong with a file, and with what came beside it', async () => {
    const text = farmText.replace('[linux, musl]\n    steps', '[linux, mules]\n    steps');
    const broken = await refused(await post('plan', { file: fileOf(text) }));
    assert.equal(broken.code, 'bad-farm-file');
    assert.deepEqual(
      broken.errors?.map(({ file, line, came }) => [file, line, came]),
      [['farm.yaml', 11, '"mules"']],
    );

    const included = [{ path: 'stray.yaml', text: 'projects: {}' }];
    const stray = await refused(await post('plan', { file: { ...fileOf(farmText), included } }));
    assert.match(stray.errors?.[0]?.problem ?? '', /no pattern of include names it/);
    assert.equal((await refused(await post('plan', { version: 2 }))).code, 'version-unreadable');
    assert.equal((await refused(await post('plan', { version: 9 }))).code, 'no-such-version');
    assert.equal((await refused(await post('plan', {}))).code, 'bad-body');
  });

  it('have the engine apply, and answer with what it wrote', async () => {
    farm.answer = async () => ({ version: 1 });
    const command = { file: { ...fileOf(farmText), included: [] }, reason: 'why', against: 1 };

    const applied = await post('versions', command);

    assert.equal(applied.status, 201);
    assert.equal(applied.headers.get('location'), '/api/v1/farm/versions/1');
    assert.deepEqual(farm.commands.at(-1), { actor: 'admin', command: { t: 'apply', ...command } });
    await post('versions/2/roll-back', { reason: 'back' });
    assert.deepEqual(farm.commands.at(-1)?.command, { t: 'apply', file: 2, reason: 'back' });
    farm.answer = () => Promise.reject(new CommandError(409, 'another-version', 'plan again'));
    assert.equal((await refused(await post('versions', command))).code, 'another-version');
    assert.equal((await post('versions', command, null)).status, 401);
  });

  it('tell who is signed in what is between two versions', async () => {
    const answer = await ask('versions/1/difference?from=0');

    const { plan, text } = versionDifferenceSchema.parse(await answer.json());
    assert.equal(plan?.builders.length, 3);
    assert.match(text ?? '', /^\+farm: Test farm$/m);
    const unreadable = await ask('versions/2/difference');
    const { plan: none, because } = versionDifferenceSchema.parse(await unreadable.json());
    assert.deepEqual([none, because], [null, "this Weir can't read version 2 any more"]);
    assert.equal((await refused(await ask('versions/1/difference', null))).code, 'not-signed-in');
    assert.equal(
      (await refused(await ask('versions/1/difference?from=7'))).code,
      'no-such-version',
    );
  });
});
