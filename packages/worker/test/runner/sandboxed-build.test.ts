import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { BuildLimits, JournalEntry } from '@weir/protocol';
import { before, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { countProcesses, uniqueSeconds } from './processes.ts';
import { specOf, stepOf, TestSlot } from './test-slot.ts';

async function runScript(
  slot: TestSlot,
  run: string,
  limits: Partial<BuildLimits> = {},
): Promise<JournalEntry & { t: 'step-finished' }> {
  const spec = specOf([stepOf(run)]);
  const entries = await slot.finish(
    { ...spec, limits: { ...spec.limits, ...limits } },
    'bubblewrap',
  );
  const step = entries.find((entry) => entry.t === 'step-finished');
  if (step === undefined) throw new Error('no step has finished');
  return step;
}

describe('a build in bubblewrap', function () {
  this.timeout(60_000);
  before(function () {
    needs(this, 'bwrap');
  });

  it('has fixed paths, a user with a name, and a clean environment', async () => {
    await using slot = await TestSlot.start();

    await runScript(
      slot,
      'id -un; pwd; echo $HOME $WEIR_RUNTIME $TMPDIR; env | cut -d= -f1 | sort | tr "\\n" " "',
    );

    assert.equal(
      slot.log(0),
      'weir\n/weir/src\n/weir/home /weir/runtime /tmp\nCI HOME LANG PATH PWD TMPDIR TZ WEIR_RUNTIME WEIR_SRC ',
    );
  });

  it('has no network where none is granted, and a loopback of its own', async () => {
    await using slot = await TestSlot.start();
    let calls = 0;
    await using server = createServer((socket) => {
      calls += 1;
      socket.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const call = `exec 3<>/dev/tcp/127.0.0.1/${port}`;

    const step = await runScript(slot, `cut -d: -f1 -s /proc/net/dev; bash -c '${call}'`);

    assert.equal(step.result, 'failure');
    assert.match(slot.log(0), /^ +lo\n.*refused/s);
    assert.equal(calls, 0);
  });

  it('has network where it is granted', async () => {
    await using slot = await TestSlot.start();
    let calls = 0;
    await using server = createServer((socket) => {
      calls += 1;
      socket.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    await slot.finish(
      specOf([stepOf(`bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; cat <&3'`, { network: true })]),
      'bubblewrap',
    );

    assert.equal(calls, 1);
  });

  it('writes no file outside of its workspace', async () => {
    await using slot = await TestSlot.start();
    const places = '/ /usr /etc /dev /weir /proc/sys/kernel /usr/lib';
    const run = `for p in ${places}; do ! touch $p/x 2>/dev/null || echo $p; done; for p in /weir/src /weir/home /tmp /run /dev/shm; do touch $p/x; done`;

    const step = await runScript(slot, run);

    assert.equal(step.result, 'success');
    assert.equal(slot.log(0), '');
  });

  it('sees no file of the machine but the system, and none of its secrets', async () => {
    await using slot = await TestSlot.start();

    await runScript(
      slot,
      `ls -d /root /home /var /work /mnt /etc/shadow /etc/ssl/private ${slot.data} 2>/dev/null || true; ls /`,
    );

    assert.match(slot.log(0), /^bin\ndev\netc\nlib/);
    assert.doesNotMatch(slot.log(0), /root|home|var|shadow|private/);
  });

  it('can not write the runtime that it runs with', async () => {
    await using slot = await TestSlot.start();
    await runScript(slot, 'touch $WEIR_RUNTIME/made');
    await slot.forget();

    await slot.finish(
      specOf([stepOf('ls $WEIR_RUNTIME; rm $WEIR_RUNTIME/made')], { build: 2, kind: 'project' }),
      'bubblewrap',
    );

    assert.match(slot.log(0), /^made\n.*Read-only file system/s);
  });

  it('sees no process of the machine, and can signal none', async () => {
    await using slot = await TestSlot.start();

    await runScript(slot, `ls /proc | grep -c '^[0-9]'; kill -0 ${process.pid}`);

    const [count] = slot.log(0).split('\n');
    assert.ok(Number(count) < 8, `${count} processes are seen`);
    assert.match(slot.log(0), /No such process/);
  });

  it('has no rights, and can get none', async () => {
    await using slot = await TestSlot.start();

    await runScript(slot, "grep -E '^(CapEff|NoNewPrivs)' /proc/self/status; unshare -U true");

    assert.match(slot.log(0), /CapEff:\s+0{16}\nNoNewPrivs:\s+1\n.*unshare failed/s);
  });

  it('keeps home and /tmp from step to step, and for no other build', async () => {
    await using slot = await TestSlot.start();
    await slot.finish(
      specOf([stepOf('touch ~/kept /tmp/kept'), stepOf('ls ~ /tmp')]),
      'bubblewrap',
    );
    assert.equal(slot.log(1), '/tmp:\nkept\n\n/weir/home:\nkept\n');
    await slot.forget();

    await slot.finish(specOf([stepOf('ls -A ~ /tmp .')], { build: 2 }), 'bubblewrap');

    assert.equal(slot.log(0), '.:\n\n/tmp:\n\n/weir/home:\n');
  });

  it('leaves nothing of a cancelled build', async () => {
    await using slot = await TestSlot.start();
    const seconds = uniqueSeconds(6);
    const stubborn = `trap "" TERM; setsid sh -c 'trap "" TERM; sleep ${seconds}; true' & sleep ${seconds} & echo ready; wait`;
    slot.run(specOf([stepOf(stubborn)]), 'bubblewrap');
    await slot.printed(0, 'ready');

    slot.client.cancel('not needed');
    await slot.until(({ finished }) => finished);

    assert.equal(slot.entries.at(-1)?.t, 'build-finished');
    assert.equal(countProcesses(seconds), 0);
  });

  it('ends when it fills the disk, with a finding', async () => {
    await using slot = await TestSlot.start();

    const step = await runScript(
      slot,
      'while :; do head -c 1000000 /dev/zero >> full; sleep 0.01; done',
      {
        diskBytes: 5_000_000,
      },
    );

    assert.deepEqual([step.result, step.findings], ['failure', ['disk-cap']]);
    assert.match(step.text, /^filled more than 5 MiB of disk$/);
  });

  it('ends when it writes too large a file, with a finding', async () => {
    await using slot = await TestSlot.start();

    const step = await runScript(slot, 'exec head -c 3000000 /dev/zero > large', {
      fileBytes: 1_000_000,
    });

    assert.deepEqual([step.result, step.findings], ['failure', ['disk-cap']]);
  });

  it('goes before runner and agent when the machine runs out of memory', async () => {
    await using slot = await TestSlot.start();

    const step = await runScript(slot, '[ "$(cat /proc/self/oom_score_adj)" -ge 500 ]', {});

    assert.equal(step.result, 'success');
  });

  describe('with control groups', () => {
    before(function () {
      needs(this, 'root');
    });

    it('ends when it is a fork bomb, with a finding', async () => {
      await using slot = await TestSlot.start();

      const step = await runScript(slot, 'bomb() { bomb | bomb & bomb; }; bomb', { processes: 60 });

      assert.deepEqual([step.result, step.findings], ['failure', ['process-cap']]);
    });

    it('ends when it sits on all the processes that it may have', async () => {
      await using slot = await TestSlot.start();

      const step = await runScript(slot, '(while :; do sleep 600 & done) || exec sleep 600', {
        processes: 60,
      });

      assert.deepEqual([step.result, step.findings], ['failure', ['process-cap']]);
    });

    it('ends when it takes too much memory, with a finding', async () => {
      await using slot = await TestSlot.start();

      const step = await runScript(slot, 'head -c 500000000 /dev/zero | tail > /dev/null', {
        memoryBytes: 64 * 1024 * 1024,
      });

      assert.deepEqual([step.result, step.findings], ['failure', ['out-of-memory']]);
    });
  });
});
