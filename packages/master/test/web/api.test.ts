import assert from 'node:assert/strict';
import type {
  ApiBuild,
  ApiBuilder,
  ApiBuildSummary,
  ApiChange,
  ApiFarm,
  ApiRequest,
  ApiUpstream,
  ApiWorker,
  Problem,
} from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { validatedFetch } from '../../../../test/support/api.ts';
import { isOnPostgres } from '../../../../test/support/test-store.ts';
import { insertMember, setLeader } from '../../src/store/members.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  commitOf,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  start,
  startSmallFarm,
} from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

const hostile = '<script>alert(1)</script>\u202E"\' &amp; \u0000';

describe('the API', () => {
  let farm: SmallFarm;

  before(async () => {
    farm = await startSmallFarm();
    for (let position = 1; position <= 5; position += 1) await addChange(farm, 'lua/master');
    await farm.store.unit(async (db) => {
      await db.updateTable('branch').set({ scheduled_position: 5 }).execute();
    });
    await addChange(farm, 'lua/master', { seenAt: Date.now() - 1_000 });
    await addChange(farm, 'json', { subject: hostile, author: hostile, files: [hostile] });
    await addChange(farm, 'json');
    const worker = await addWorker(farm, 'w1');
    await addWorker(farm, 'w2', { pending: true });
    const first = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    await endBuild(farm, (await addBuild(farm, first, worker)).build);
    for (const upstream of [2, 3]) {
      const request = await addRequest(farm, projectBuilder, { upstream, project: upstream - 1 });
      const { build } = await addBuild(farm, request, worker, ['install', 'test']);
      await endBuild(farm, build, upstream === 2 ? 'success' : 'failure');
    }
    const lost = await addRequest(farm, projectBuilder, { upstream: 4, project: 2 });
    await endBuild(farm, (await addBuild(farm, lost, worker)).build, 'lost');
    const running = await addRequest(farm, projectBuilder, { upstream: 5, project: 2 });
    await addBuild(farm, running, worker);
    await addRequest(farm, runtimeBuilder, { upstream: 5 });
    await addRequest(farm, 'lua/master/musl', { upstream: 5 });
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function get<T>(path: string): Promise<T> {
    const response = await validatedFetch(farm.url + path);
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  }

  async function refused(path: string, init?: RequestInit): Promise<Problem> {
    const response = await validatedFetch(farm.url + path, init);
    assert.equal(response.headers.get('content-type')?.split(';')[0], 'application/problem+json');
    const problem = (await response.json()) as Problem;
    assert.equal(problem.status, response.status);
    return problem;
  }

  interface List<T> {
    items: T[];
    next: string | null;
  }

  it('shows the farm at a glance', async () => {
    const answer = await get<ApiFarm>('/api/v1/farm');

    assert.equal(answer.name, 'Test farm');
    assert.equal(answer.workersOnline, 1);
    assert.deepEqual([answer.slots, answer.slotsBusy, answer.waiting], [2, 1, 2]);
    assert.equal(answer.oldestWaitSince, start);
  });

  it('marks a member that is silent, and shows no such one as leading', async () => {
    const now = farm.store.now();
    await farm.store.unit(async (db) => {
      const about = { role: 'engine', version: '0.1.0' } as const;
      await setLeader(db, await insertMember(db, { ...about, name: 'dead', at: now - 60_000 }));
      await insertMember(db, { ...about, name: 'alive', at: now });
    });

    // Members are no events: an answer of half a second ago may know none.
    let members: ApiFarm['members'] = [];
    while (members.length === 0) ({ members } = await get<ApiFarm>('/api/v1/farm'));

    assert.deepEqual(
      members.map(({ name, silent, leads }) => ({ name, silent, leads })),
      [
        { name: 'dead', silent: true, leads: false },
        { name: 'alive', silent: false, leads: false },
      ],
    );
  });

  it('gives each trunk its branch and tree status', async () => {
    const { items } = await get<List<ApiUpstream>>('/api/v1/upstreams');

    assert.deepEqual(
      items.map(({ name, repository }) => [name, repository]),
      [['lua', 'https://git.example/lua']],
    );
    const [trunk] = items[0]?.trunks ?? [];
    assert.equal(trunk?.branch.head, commitOf('lua/master 6'));
    assert.equal(trunk?.status, 'suspect');
    assert.deepEqual(await get('/api/v1/upstreams/lua'), items[0]);
  });

  it('says that a branch waits until it is stable', async () => {
    const { items } = await get<List<ApiUpstream>>('/api/v1/upstreams');

    assert.equal(items[0]?.trunks[0]?.branch.pending?.reason, 'stable timer');
  });

  it('gives what strangers wrote as the text that it is', async () => {
    const { items } = await get<List<ApiChange>>('/api/v1/changes?branch=json');
    const [, change] = items;

    // PostgreSQL's text can't hold it.
    const text = isOnPostgres ? hostile.replaceAll('\0', '\u{fffd}') : hostile;
    assert.equal(change?.subject, text);
    assert.equal(change?.author.name, text);
    assert.deepEqual(change?.files, [hostile]);
    const response = await fetch(`${farm.url}/api/v1/changes/${change?.id}`);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });

  it('shows the builders in the order of the farm file, with what runs and why one waits', async () => {
    const { items } = await get<List<ApiBuilder>>('/api/v1/builders');

    assert.deepEqual(
      items.map((builder) => builder.name),
      [runtimeBuilder, 'lua/master/musl', projectBuilder],
    );
    const [runtime, musl, project] = items;
    assert.equal(runtime?.verdict, 'green');
    assert.equal(musl?.oldestWait?.reason, 'no worker with label');
    assert.equal(musl?.oldestWait?.detail, 'no worker has label musl');
    assert.equal(project?.running.length, 1);
    assert.equal(project?.lastBuild?.result, 'lost');
  });

  it('takes a builder by its name, with slashes as they are or encoded', async () => {
    const plain = await get<ApiBuilder>(`/api/v1/builders/${projectBuilder}`);
    const encoded = await get(`/api/v1/builders/${encodeURIComponent(projectBuilder)}`);

    assert.equal(plain.name, projectBuilder);
    assert.deepEqual(encoded, plain);
  });

  it('says of each waiting request why it waits', async () => {
    const { items } = await get<List<ApiRequest>>('/api/v1/requests?state=waiting');

    assert.deepEqual(
      items.map((request) => [request.builder, request.waits?.reason]),
      [
        ['lua/master/musl', 'no worker with label'],
        [runtimeBuilder, 'all busy'],
      ],
    );
    const { waits } = await get<ApiRequest>('/api/v1/requests/1');
    assert.equal(waits, null);
  });

  it('counts a change to the first build that judged it', async () => {
    const { items } = await get<List<ApiBuildSummary>>(`/api/v1/builds?builder=${projectBuilder}`);
    const changesOf = async (number: number) => {
      const id = items.find((build) => build.number === number)?.id;
      const { changes } = await get<ApiBuild>(`/api/v1/builds/${id}`);
      return changes.map((change) => `${change.branch} ${change.position}`).toSorted();
    };

    assert.deepEqual(await changesOf(1), ['json 1', 'lua/master 2']);
    assert.deepEqual(await changesOf(2), ['json 2', 'lua/master 3']);
    assert.deepEqual(await changesOf(3), ['lua/master 4'], 'the lost one');
    assert.deepEqual(
      await changesOf(4),
      ['lua/master 4', 'lua/master 5'],
      'lost ones judge nothing',
    );
  });

  it('says of an old build that what its worker was told is not kept', async () => {
    const spec = await refused('/api/v1/builds/1/spec');
    const none = await refused('/api/v1/builds/99/spec');

    assert.deepEqual([spec.status, spec.code], [410, 'spec-not-kept']);
    assert.deepEqual([none.status, none.code], [404, 'no-such-build']);
  });

  it('filters builds', async () => {
    const idsFor = async (query: string) =>
      (await get<List<ApiBuildSummary>>(`/api/v1/builds?${query}`)).items.map((build) => build.id);

    assert.deepEqual(await idsFor('result=failure'), [3]);
    assert.deepEqual(await idsFor('state=running'), [5]);
    assert.deepEqual(await idsFor(`builder=${runtimeBuilder}`), [1]);
    assert.deepEqual(await idsFor('worker=w1&upstream=lua'), [5, 4, 3, 2, 1]);
    assert.deepEqual(await idsFor('worker=nobody'), []);
  });

  for (const path of [
    'builds?',
    `builds?builder=${projectBuilder}&`,
    'builds?worker=w1&',
    'changes?',
  ]) {
    it(`pages through /${path} without a gap or a repeat`, async () => {
      const whole = await get<List<{ id: number }>>(`/api/v1/${path}limit=200`);
      const ids: number[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const after = cursor === '' ? '' : `&cursor=${cursor}`;
        const page: List<{ id: number }> = await get(`/api/v1/${path}limit=1${after}`);
        ids.push(...page.items.map((item) => item.id));
        cursor = page.next;
      }

      assert.deepEqual(
        ids,
        whole.items.map((item) => item.id),
      );
      assert.ok(ids.length > 1);
    });
  }

  it('shows workers, the pending ones too', async () => {
    const { items } = await get<List<ApiWorker>>('/api/v1/workers');

    assert.deepEqual(
      items.map((worker) => [worker.name, worker.state, worker.running.length]),
      [
        ['w1', 'accepted', 1],
        ['w2', 'pending', 0],
      ],
    );
    assert.deepEqual((await get<ApiWorker>('/api/v1/workers/w1')).sandbox, {
      kind: 'bubblewrap',
      limits: ['memory by cgroup v2'],
    });
  });

  const refusals: [string, string][] = [
    ['/api/v1/builds/99', 'no-such-build'],
    ['/api/v1/builds/abc', 'no-such-build'],
    ['/api/v1/builds/99999999999999999999', 'no-such-build'],
    ['/api/v1/changes/-1', 'no-such-change'],
    ['/api/v1/requests/1.5', 'no-such-request'],
    ['/api/v1/workers/nobody', 'no-such-worker'],
    ['/api/v1/builders/no/such', 'no-such-builder'],
    ['/api/v1/upstreams/perl', 'no-such-upstream'],
    ['/api/v1/logs/99', 'no-such-log'],
    ['/api/v1/logs/99/lines', 'no-such-log'],
    ['/api/v1/logs/99/live', 'no-such-log'],
    ['/api/v1/nothing', 'not-found'],
    ['/api/v1/builds?limit=0', 'bad-query'],
    ['/api/v1/builds?limit=201', 'bad-query'],
    ['/api/v1/builds?limit=ten', 'bad-query'],
    ['/api/v1/builds?result=good', 'bad-query'],
    ['/api/v1/builds?bulider=x', 'bad-query'],
    ['/api/v1/builds?builder=a&builder=b', 'bad-query'],
    ['/api/v1/events?after=x', 'bad-query'],
    ['/api/v1/builds?cursor=%00', 'bad-cursor'],
    [`/api/v1/builds?cursor=${Buffer.from('["x"]').toString('base64url')}`, 'bad-cursor'],
    [`/api/v1/builds?cursor=${Buffer.from('[1e300]').toString('base64url')}`, 'bad-cursor'],
    [`/api/v1/workers?cursor=${Buffer.from('[1]').toString('base64url')}`, 'bad-cursor'],
    ['/api/v1/builders/%ff', 'bad-url'],
    ['/assets/..%2f..%2fpackage.json', 'not-found'],
    ['/assets/%2e%2e/%2e%2e/etc/passwd', 'not-found'],
  ];
  for (const [path, code] of refusals) {
    it(`refuses ${path} as ${code}`, async () => {
      assert.equal((await refused(path)).code, code);
    });
  }

  it('names the methods that a door takes', async () => {
    const response = await validatedFetch(`${farm.url}/api/v1/builds/1`, { method: 'DELETE' });

    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
  });

  it('refuses headers beyond measure, and goes on', async () => {
    const response = await fetch(`${farm.url}/api/v1/farm`, {
      headers: { 'x-large': 'x'.repeat(100_000) },
    });

    assert.equal(response.status, 431);
    assert.equal((await fetch(`${farm.url}/healthz`)).status, 200);
  });
});
