import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { launchdPlist } from '../../src/install/launchd.ts';
import { systemdKeeper, systemdUnit } from '../../src/install/systemd.ts';

const service = {
  name: 'w1',
  farm: 'https://farm.example',
  dataDir: '/home/vera/weir',
  program: [process.execPath, '/home/vera/weir-worker.mjs'],
  user: null,
};
const odd = { ...service, dataDir: '/srv/100 % "mine"/$HOME\\x', user: 'daemon' };

describe('a worker as a service of systemd', () => {
  for (const [name, each] of [
    ['of its user', service],
    ['of the system, in an odd folder', odd],
  ] as const) {
    it(`${name} has a unit that systemd takes`, function () {
      needs(this, 'systemd');
      const dir = mkdtempSync(join(tmpdir(), 'weir-unit-'));
      const path = join(dir, 'weir-worker-w1.service');
      writeFileSync(path, systemdUnit(each));
      const scope = each.user === null ? ['--user'] : [];

      const { stderr, stdout } = spawnSync('systemd-analyze', [...scope, 'verify', path], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: dir, HOME: dir },
      });

      const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('weir-worker'));
      // Known from systemd 254 on; older ones pass over it.
      const faults = said.filter((line) => !line.includes('DelegateSubgroup'));
      assert.deepEqual(faults, []);
      rmSync(dir, { recursive: true });
    });
  }

  it('leaves builds to the next agent, and gives them back when it is stopped', () => {
    const lines = systemdUnit(service).split('\n');

    for (const line of [
      `ExecStart=${process.execPath} /home/vera/weir-worker.mjs run --data /home/vera/weir --stop-within 80`,
      'ExecReload=kill -HUP $MAINPID',
      'KillMode=process',
      'RestartForceExitStatus=75',
      'TimeoutStopSec=90',
      'Delegate=yes',
      'WantedBy=default.target',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });

  it('writes arguments as systemd reads them', () => {
    assert.match(
      systemdUnit(odd),
      /^ExecStart=.* --data "\/srv\/100 %% \\"mine\\"\/\$\$HOME\\\\x" --stop-within 80$/m,
    );
  });

  it('is started and stopped by systemctl', () => {
    const plan = systemdKeeper().plan(odd);

    assert.equal(plan.path, '/etc/systemd/system/weir-worker-w1.service');
    assert.deepEqual(plan.start, [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', '--now', 'weir-worker-w1.service'],
    ]);
    assert.deepEqual(plan.stop, [['systemctl', 'disable', '--now', 'weir-worker-w1.service']]);
    const [reload] = systemdKeeper().plan(service).start;
    assert.deepEqual(reload, ['systemctl', '--user', 'daemon-reload']);
  });
});

describe('a worker as a service of launchd', () => {
  it('has a property list with all that it is started with', () => {
    const text = launchdPlist({ ...service, dataDir: '/Users/vera/a & b' });

    assert.match(text, /<string>\/Users\/vera\/a &amp; b<\/string>/);
    assert.match(text, /<key>AbandonProcessGroup<\/key><true\/>/);
    assert.equal(text.match(/<(?!\/|\?|!)\w+[^>]*[^/]>/g)?.length, text.match(/<\/\w+>/g)?.length);
  });
});
