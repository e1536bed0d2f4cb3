import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { BuildSpec, JournalEntry, ServiceSpec, StepSpec } from '@weir/protocol';
import { before, describe, it } from 'mocha';
import { needs, redisImage } from '../../../../test/support/needs.ts';
import { slotPaths } from '../../src/runner/paths.ts';
import { findProcesses } from '../runner/processes.ts';
import { specOf, stepOf, TestSlot } from '../runner/test-slot.ts';

const redis: ServiceSpec = {
  name: 'cache',
  image: redisImage,
  port: 6379,
  command: [],
  env: {},
  memoryBytes: 64 * 2 ** 20,
  startWithinMs: 20_000,
};
const startStep = stepOf('# cache', { name: 'start services', services: 'start' });
const stopStep = stepOf('# cache', { name: 'stop services', services: 'stop', always: true });

/** Says words of Redis to the service, and prints what it answers. */
const say = (words: string): string =>
  `bash -c 'exec 3<>/dev/tcp/$WEIR_CACHE_HOST/$WEIR_CACHE_PORT; printf "${words}\\r\\n" >&3; head -n 1 <&3'`;

function specWith(service: Partial<ServiceSpec>, ...steps: StepSpec[]): BuildSpec {
  return specOf([startStep, ...steps, stopStep], { services: [{ ...redis, ...service }] });
}

/** The containers of a slot, running or not. */
function containersOf({ dir }: TestSlot): string[] {
  const label = `label=weir.slot=${slotPaths(dir).mark}`;
  const { stdout } = spawnSync('docker', ['ps', '-aq', '--filter', label], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

/**
 * Whether nobody elsewhere reaches an address: loopback, or where the worker itself may be in a
 * container, the engine's side of its own network.
 */
function isOfThisMachine(address: string | undefined): boolean {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  const bridge = spawnSync('docker', ['network', 'inspect', '-f', format, 'bridge']);
  return address === '127.0.0.1' || address === String(bridge.stdout).trim();
}

type Finished = Extract<JournalEntry, { t: 'step-finished' }>;

function steps(entries: readonly JournalEntry[]): Finished[] {
  return entries.filter((entry) => entry.t === 'step-finished');
}

function endOf(entries: readonly JournalEntry[]) {
  const end = entries.at(-1);
  assert.equal(end?.t, 'build-finished');
  return end;
}

describe('a build with services', function () {
  this.timeout(60_000);
  before(function () {
    needs(this, 'docker');
  });

  it('has its steps in the sandbox talk to them, and leaves none behind', async function () {
    needs(this, 'bwrap');
    await using slot = await TestSlot.start();

    const entries = await slot.finish(
      specWith({}, stepOf(say('PING'), { network: true })),
      'bubblewrap',
    );

    assert.deepEqual(
      steps(entries).map(({ result }) => result),
      ['success', 'success', 'success'],
    );
    const [, address] =
      /^cache: image .*\ncache: ready at ([\d.]+):\d+ after .* s\n$/.exec(slot.log(0)) ?? [];
    assert.ok(isOfThisMachine(address), slot.log(0));
    assert.equal(slot.log(1), '+PONG\r\n');
    assert.match(slot.log(2), /^── what cache printed\n.*Ready to accept connections/s);
    assert.match(endOf(entries).environment['service cache'] ?? '', /sha256:[0-9a-f]{64}$/);
    assert.deepEqual(containersOf(slot), []);
  });

  it('publishes them to this machine alone, within limits', async () => {
    await using slot = await TestSlot.start();
    const spec = specWith({}, stepOf('echo on; sleep 60', { network: true }));
    slot.run(spec, 'none');
    await slot.printed(1, 'on');

    const [id = ''] = containersOf(slot);
    const { stdout } = spawnSync('docker', ['inspect', id], { encoding: 'utf8' });
    const [{ HostConfig: host, NetworkSettings: network }] = JSON.parse(stdout);
    slot.client.abort();
    await slot.until(({ build }) => build === null);

    const [{ HostIp: address }] = network.Ports['6379/tcp'];
    assert.ok(isOfThisMachine(address), `published to ${address}`);
    assert.equal(host.Privileged, false);
    assert.deepEqual(host.SecurityOpt, ['no-new-privileges']);
    assert.deepEqual(
      [host.Memory, host.NanoCpus, host.PidsLimit, host.LogConfig.Config['max-size']],
      [64 * 2 ** 20, 1e9, 512, '4m'],
    );
    assert.deepEqual(containersOf(slot), []);
  });

  it('tells steps without the network of no service', async () => {
    await using slot = await TestSlot.start();

    await slot.finish(specWith({}, stepOf('env | grep -c WEIR_CACHE || true')), 'none');

    assert.equal(slot.log(1), '0\n');
  });

  it('is the fault of no code when one does not come up, and says what it printed', async () => {
    await using slot = await TestSlot.start();
    const command = ['sh', '-c', 'echo "no room for the data"; exit 3'];

    const entries = await slot.finish(specWith({ command }, stepOf('true')), 'none');

    const end = endOf(entries);
    assert.equal(end.result, 'exception');
    assert.match(
      end.text,
      /^start services: cache did not come up: it ended by itself: exit code 3$/,
    );
    assert.equal(steps(entries).length, 1);
    assert.match(slot.log(0), /── what cache printed\nno room for the data\ncache did not come up/);
    assert.deepEqual(containersOf(slot), []);
  });

  it('waits for one that never listens only as long as it is told to', async () => {
    await using slot = await TestSlot.start();
    const command = ['redis-server', '--port', '7000'];

    const entries = await slot.finish(specWith({ command, startWithinMs: 1_000 }), 'none');

    const { result, text } = endOf(entries);
    assert.equal(result, 'exception');
    assert.match(text, /cache did not come up: it does not listen on port 6379 within 1 s$/);
    assert.deepEqual(containersOf(slot), []);
  });

  it('is ready when its ready command succeeds', async () => {
    await using slot = await TestSlot.start();

    const good = await slot.finish(specWith({ ready: 'redis-cli ping' }), 'none');
    await slot.forget();
    const ready = 'redis-cli get the-schema | grep -q 1 && yes';
    const bad = await slot.finish(specWith({ ready, startWithinMs: 1_000 }), 'none');

    assert.equal(endOf(good).result, 'success');
    assert.match(endOf(bad).text, /it is not ready within 1 s; its ready command ends with \d+$/);
  });

  it('says that an image can not be fetched', async () => {
    await using slot = await TestSlot.start();
    const image = 'localhost/weir-test/absent:1';

    const { result, text } = endOf(await slot.finish(specWith({ image }), 'none'));

    assert.equal(result, 'exception');
    assert.match(
      text,
      /cache did not come up: its image localhost\/weir-test\/absent:1 can't be f/,
    );
  });

  it('judges no failure by a service that died meanwhile', async () => {
    await using slot = await TestSlot.start();
    const shutdown = stepOf(`${say('SHUTDOWN NOSAVE')}; exit 1`, { network: true });

    const { result, text } = endOf(await slot.finish(specWith({}, shutdown), 'none'));

    assert.equal(result, 'exception');
    assert.equal(text, 'stop services: cache: it ended by itself: exit code 0');
  });

  it('judges no failure by a service that ran out of memory', async () => {
    await using slot = await TestSlot.start();
    const fill = stepOf(`${say('SETRANGE key 60000000 x')}; exit 1`, { network: true });

    const { result, text } = endOf(
      await slot.finish(specWith({ memoryBytes: 32 * 2 ** 20 }, fill), 'none'),
    );

    assert.equal(result, 'exception');
    assert.equal(text, 'stop services: cache: it ran out of memory (limit 32 MiB)');
  });

  it('leaves a red build red whose services are well', async () => {
    await using slot = await TestSlot.start();

    const entries = await slot.finish(specWith({}, stepOf('exit 1')), 'none');

    assert.deepEqual(
      steps(entries).map(({ result }) => result),
      ['success', 'failure', 'success'],
    );
    assert.equal(endOf(entries).result, 'failure');
  });

  it('keeps no more than the last of what a service prints', async () => {
    await using slot = await TestSlot.start();
    const command = ['sh', '-c', 'while :; do echo an endless complaint; done'];
    const flood = specWith({ command, startWithinMs: 3_000 });

    const entries = await slot.finish(flood, 'none');

    const log = entries.find((entry) => entry.t === 'log-finished');
    assert.equal(endOf(entries).result, 'exception');
    assert.ok(log !== undefined && log.bytes < 5_000_000, `${log?.bytes} bytes`);
  });

  it('takes them along when it is cancelled, while they start and while they run', async () => {
    await using slot = await TestSlot.start();
    const never = specWith({ ready: 'false' });
    slot.run(never, 'none');
    await slot.printed(0, 'cache: image');
    slot.client.cancel('enough');
    await slot.until(({ finished }) => finished);
    const starting = endOf(slot.entries);
    const leftWhileStarting = containersOf(slot);
    await slot.forget();

    slot.run(specWith({}, stepOf('echo on; sleep 60')), 'none');
    await slot.printed(1, 'on');
    slot.client.cancel('enough');
    await slot.until(({ finished }) => finished);

    assert.deepEqual(
      [starting.result, starting.text],
      ['cancelled', 'start services: cancelled: enough'],
    );
    assert.equal(endOf(slot.entries).result, 'cancelled');
    assert.deepEqual([leftWhileStarting, containersOf(slot)], [[], []]);
  });

  it('leaves them to the next runner to remove when its own is killed', async () => {
    await using slot = await TestSlot.start();
    slot.run(specWith({}, stepOf('echo on; sleep 60')), 'none');
    await slot.printed(1, 'on');
    const [pid] = findProcesses(slot.dir);
    assert.ok(pid !== undefined);

    process.kill(pid, 'SIGKILL');
    await slot.client.closed;
    const left = containersOf(slot).length;
    await slot.restart();

    assert.equal(left, 1);
    assert.deepEqual(containersOf(slot), []);
  });
});
