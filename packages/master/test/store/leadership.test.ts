import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { startPostgres } from '../../../../test/support/postgres-server.ts';
import type { PostgresServer } from '../../../../test/support/postgres-server.ts';
import { Leadership } from '../../src/store/postgres/leadership.ts';

const script = fileURLToPath(new URL('./lead-until-told.ts', import.meta.url));

describe('leading a farm', function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let first: ChildProcess;
  let heard: string[];
  let leadership: Leadership;
  let leads: PromiseWithResolvers<void>;
  let retired: PromiseWithResolvers<void>;

  before(async function () {
    needs(this, 'postgres');
    server = await startPostgres();
  });
  after(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    first = fork(script, [server.url('postgres')]);
    heard = [];
    first.on('message', (text: string) => heard.push(text));
    await once(first, 'message');
    leads = Promise.withResolvers();
    retired = Promise.withResolvers();
    leadership = new Leadership({
      url: server.url('postgres'),
      log: { info: () => {}, warn: () => {} },
      lead: async () => leads.resolve(),
      retire: async () => retired.resolve(),
    });
  });
  afterEach(async () => {
    first.kill('SIGKILL');
    await leadership[Symbol.asyncDispose]();
  });

  it('is for one, and for the next one as soon as that is dead', async () => {
    assert.deepEqual(heard, ['leads']);
    assert.equal(leadership.isCertain, false);

    first.kill('SIGKILL');

    await leads.promise;
    assert.equal(leadership.isCertain, true);
  });

  it('is over for one that stands still, and it knows so before it does anything', async () => {
    first.kill('SIGSTOP');

    await leads.promise;
    first.send('do you lead?');
    first.kill('SIGCONT');
    while (heard.length < 3) await once(first, 'message');

    assert.deepEqual(new Set(heard), new Set(['leads', 'uncertain', 'retires']));
    assert.equal(leadership.isCertain, true);
  });

  it('is over when the server is gone, and begins again with it', async () => {
    first.kill('SIGKILL');
    await leads.promise;
    leads = Promise.withResolvers();

    await server.kill();
    await retired.promise;
    assert.equal(leadership.isCertain, false);
    await server.start();

    await leads.promise;
  });

  it('ends with one that stops, whether it leads or waits', async () => {
    await leadership[Symbol.asyncDispose]();
    assert.equal(leadership.isCertain, false);
  });
});
