import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '@weir/protocol';
import { describe, it } from 'mocha';
import { countProcesses, uniqueSeconds } from './processes.ts';
import { specOf, stepOf, TestSlot } from './test-slot.ts';

function stepResults(entries: JournalEntry[]): object[] {
  return entries.flatMap((entry) =>
    entry.t === 'step-finished' ? [{ result: entry.result, findings: entry.findings }] : [],
  );
}

function last(entries: JournalEntry[]): JournalEntry & { t: 'build-finished' } {
  const entry = entries.at(-1);
  if (entry?.t !== 'build-finished') throw new Error('the journal does not end with the build');
  return entry;
}

describe('a build without a sandbox', function () {
  this.timeout(60_000);

  it('writes a numbered journal of its steps, logs and end', async () => {
    await using slot = await TestSlot.start();

    const entries = await slot.finish(
      specOf([stepOf('echo out; echo err >&2; echo more > /dev/stdout'), stepOf('true')]),
      'none',
    );

    assert.deepEqual(
      entries.map(({ n, t }) => [n, t]),
      [
        [1, 'step-started'],
        [2, 'log-finished'],
        [3, 'step-finished'],
        [4, 'step-started'],
        [5, 'log-finished'],
        [6, 'step-finished'],
        [7, 'build-finished'],
      ],
    );
    assert.equal(slot.log(0), 'out\nerr\nmore\n');
    const log = entries[1];
    assert.ok(log?.t === 'log-finished');
    assert.deepEqual(log.ranges, [[0, 13]]);
    assert.equal(log.sha256, createHash('sha256').update('out\nerr\nmore\n').digest('hex'));
    const { result, environment } = last(entries);
    assert.equal(result, 'success');
    assert.equal(environment['sandbox'], 'none');
    assert.match(environment['checkout and runtime'] ?? '', /^\d+\.\d s$/);
    assert.equal(environment['node'], process.version);
  });

  it('stops at the first step that fails', async () => {
    await using slot = await TestSlot.start();

    const entries = await slot.finish(
      specOf([stepOf('exit 3', { install: true }), stepOf('true')]),
      'none',
    );

    assert.deepEqual(stepResults(entries), [{ result: 'failure', findings: ['install-failed'] }]);
    assert.equal(last(entries).result, 'failure');
    assert.equal(last(entries).text, 'test: exit code 3');
  });

  it('goes on after a step that may fail, and comes to the steps that always run', async () => {
    await using slot = await TestSlot.start();
    const steps = [
      stepOf('exit 3', { continueOnFailure: true }),
      stepOf('echo two'),
      stepOf('exit 4'),
      stepOf('echo never'),
      stepOf('echo last', { always: true }),
    ];

    const entries = await slot.finish(specOf(steps), 'none');

    const ends = entries.flatMap((entry) =>
      entry.t === 'step-finished' ? [[entry.step, entry.result]] : [],
    );
    assert.deepEqual(ends, [
      [0, 'failure'],
      [1, 'success'],
      [2, 'failure'],
      [4, 'success'],
    ]);
    const end = entries.at(-1);
    assert.ok(end?.t === 'build-finished');
    assert.deepEqual([end.result, end.text], ['failure', 'test: exit code 3']);
  });

  it('ends a step that takes too long, and one that prints nothing', async () => {
    await using slot = await TestSlot.start();
    const noisy = 'while :; do echo .; sleep 0.02; done';

    const slow = await slot.finish(specOf([stepOf(noisy, { timeoutMs: 300 })]), 'none');
    await slot.forget();
    const silent = await slot.finish(
      specOf([stepOf('echo once; sleep 600', { silenceMs: 300 })], { build: 2 }),
      'none',
    );

    assert.deepEqual(stepResults(slow), [{ result: 'failure', findings: ['timed-out'] }]);
    assert.deepEqual(stepResults(silent), [{ result: 'failure', findings: ['silent'] }]);
  });

  it('does not end a step that keeps printing for being silent', async () => {
    await using slot = await TestSlot.start();
    const run = 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done';

    const entries = await slot.finish(specOf([stepOf(run, { silenceMs: 700 })]), 'none');

    assert.equal(last(entries).result, 'success');
  });

  it('names the signal that ended a step', async () => {
    await using slot = await TestSlot.start();

    const entries = await slot.finish(specOf([stepOf('kill -SEGV $$')]), 'none');

    assert.deepEqual(stepResults(entries), [{ result: 'failure', findings: ['killed-by-signal'] }]);
    assert.equal(last(entries).text, 'test: killed by SIGSEGV');
  });

  it('lets a step be interrupted, and signal the group of its own processes', async () => {
    await using slot = await TestSlot.start();
    const steps = [
      stepOf('trap "" TERM; kill -TERM 0; echo here'),
      stepOf('kill -INT $$; echo on'),
    ];

    const entries = await slot.finish(specOf(steps), 'none');

    assert.match(slot.log(0), /^here$/m);
    assert.equal(last(entries).text, 'test: killed by SIGINT');
  });

  it('goes on with another shell when a step ends the one that began it', async () => {
    const seconds = uniqueSeconds(7);
    await using slot = await TestSlot.start();
    slot.run(specOf([stepOf(`kill -KILL $PPID; sleep ${seconds}`)]), 'none');
    await slot.until(({ finished }) => finished);
    assert.equal(last(slot.entries).text, 'test: killed by SIGKILL');
    assert.equal(countProcesses(seconds), 0);
    slot.client.forget();
    await slot.until(({ build }) => build === null);

    slot.run(specOf([stepOf('echo next')]), 'none');
    await slot.until(({ finished }) => finished);

    assert.equal(last(slot.entries).result, 'success');
    assert.match(slot.log(0), /^next$/m);
  });

  it('keeps head and tail of a log that is too long, and warns', async () => {
    await using slot = await TestSlot.start();
    const spec = specOf([stepOf('seq 100000')]);

    const entries = await slot.finish(
      { ...spec, limits: { ...spec.limits, logBytes: 4_000 } },
      'none',
    );

    assert.deepEqual(stepResults(entries), [{ result: 'warnings', findings: ['log-cap'] }]);
    const log = entries.find((entry) => entry.t === 'log-finished');
    assert.deepEqual(log?.ranges, [
      [0, 1_000],
      [585_895, 588_895],
    ]);
  });

  it('leaves nothing of a cancelled build: neither who ignores TERM nor who left the session', async () => {
    await using slot = await TestSlot.start();
    const seconds = uniqueSeconds(4);
    const stubborn = `trap "" TERM HUP INT; setsid sh -c 'trap "" TERM; sleep ${seconds}; true' & sleep ${seconds} & echo ready; wait`;
    slot.run(specOf([stepOf(stubborn)]), 'none');
    await slot.printed(0, 'ready');

    slot.client.cancel('not needed');
    await slot.until(({ finished }) => finished);

    assert.equal(last(slot.entries).result, 'cancelled');
    assert.equal(last(slot.entries).text, 'test: cancelled: not needed');
    assert.equal(countProcesses(seconds), 0);
  });

  it('ends what a step that succeeded left running', async () => {
    await using slot = await TestSlot.start();
    const seconds = uniqueSeconds(5);

    const entries = await slot.finish(specOf([stepOf(`setsid sleep ${seconds} &`)]), 'none');

    assert.equal(last(entries).result, 'success');
    assert.equal(countProcesses(seconds), 0);
  });

  it('goes on when its agent has gone, and the next agent finds it', async () => {
    await using slot = await TestSlot.start();
    slot.run(specOf([stepOf('echo one; sleep 0.5; echo two')]), 'none');
    await slot.printed(0, 'one');

    await slot.reconnect();
    await slot.until(({ build, finished }) => build === 1 && finished);

    assert.equal(last(slot.entries).result, 'success');
    assert.equal(slot.log(0), 'one\ntwo\n');
  });

  it('is free and empty again though the files of its build were removed', async () => {
    await using slot = await TestSlot.start();
    slot.run(specOf([stepOf('touch left; echo ready; sleep 600')]), 'none');
    await slot.printed(0, 'ready');
    rmSync(join(slot.dir, 'build'), { recursive: true });

    slot.client.abort();
    await slot.until(({ build }) => build === null);
    slot.run(specOf([stepOf('ls -A')]), 'none');
    await slot.until(({ finished }) => finished);

    assert.equal(last(slot.entries).result, 'success');
    assert.equal(slot.log(0), '');
  });

  it('gives nothing of a build to the next one, whatever that did to its folders', async () => {
    await using slot = await TestSlot.start();
    const spoil = 'touch new ../beside "$TMPDIR/new"; chmod 755 "$HOME"; rm new';
    slot.run(specOf([stepOf(spoil)]), 'none');
    await slot.until(({ finished }) => finished);
    slot.client.forget();
    await slot.until(({ build }) => build === null);

    slot.run(specOf([stepOf('ls -A . .. "$TMPDIR"; stat -c %a "$HOME"')]), 'none');
    await slot.until(({ finished }) => finished);

    assert.equal(last(slot.entries).result, 'success');
    assert.doesNotMatch(slot.log(0), /new|beside/);
    assert.match(slot.log(0), /^700$/m);
  });

  it('forgets an aborted build at once, with all its files', async () => {
    await using slot = await TestSlot.start();
    slot.run(specOf([stepOf('echo ready; sleep 600')]), 'none');
    await slot.printed(0, 'ready');

    slot.client.abort();
    await slot.until(({ build }) => build === null);

    assert.deepEqual(readdirSync(join(slot.dir, 'build')), []);
  });

  it('gives a step nothing of the environment of the agent', async () => {
    process.env['WEIR_TEST_SECRET'] = 'leaked';
    await using slot = await TestSlot.start();

    await slot.finish(
      specOf([stepOf('env -0 | sort -z | tr "\\0" "\\n"')], { env: { MINE: 'a b' } }),
      'none',
    );
    delete process.env['WEIR_TEST_SECRET'];

    const names = slot
      .log(0)
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    assert.deepEqual(names, [
      'CI',
      'HOME',
      'LANG',
      'MINE',
      'PATH',
      'PWD',
      'TMPDIR',
      'TZ',
      'WEIR_RUNTIME',
      'WEIR_SLOT',
      'WEIR_SRC',
    ]);
  });

  it('reports a commit that it can not have as an exception, not as a failure', async () => {
    await using slot = await TestSlot.start();
    const source = { repository: 'file:///etc', ref: 'main', commit: 'b'.repeat(40) };

    const entries = await slot.finish(specOf([stepOf('true')], { source }), 'none');

    assert.deepEqual(stepResults(entries), [{ result: 'exception', findings: [] }]);
    assert.match(last(entries).text, /file:\/\/\/etc.*refused.*--remote/);
  });

  it('refuses to run a project without its runtime', async () => {
    await using slot = await TestSlot.start();

    const entries = await slot.finish(specOf([stepOf('true')], { kind: 'project' }), 'none');

    assert.equal(last(entries).result, 'exception');
    assert.match(last(entries).text, /lua\/main\/here at a+ is not on this worker/);
  });

  it('fails when it installs nothing that projects could run with', async () => {
    await using slot = await TestSlot.start();
    const none = [stepOf('mkdir -p "$WEIR_RUNTIME/bin"')];

    const needed = await slot.finish(specOf(none, { isNeeded: true }), 'none');
    await slot.forget();
    const alone = await slot.finish(specOf(none, { build: 2 }), 'none');

    const { result, findings, text } = last(needed);
    assert.deepEqual([result, findings], ['failure', ['install-failed']]);
    assert.equal(text, 'nothing was installed into $WEIR_RUNTIME');
    assert.equal(last(alone).result, 'success');
  });

  it('keeps a runtime that was built, and runs a project with it', async () => {
    await using slot = await TestSlot.start();
    const install =
      'mkdir $WEIR_RUNTIME/bin; printf "#!/bin/sh\\necho lua" > $WEIR_RUNTIME/bin/lua; chmod +x $WEIR_RUNTIME/bin/lua';
    await slot.finish(specOf([stepOf(install)]), 'none');
    await slot.forget();

    const entries = await slot.finish(
      specOf([stepOf('lua')], { build: 2, kind: 'project' }),
      'none',
    );

    assert.equal(last(entries).result, 'success');
    assert.equal(slot.log(0), 'lua\n');
  });
});
