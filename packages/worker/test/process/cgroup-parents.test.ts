import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { handDown, readHierarchies } from '../../src/process/cgroup-parents.ts';

describe('readHierarchies', () => {
  it('finds memory and pids of v1 beside a v2 without them', () => {
    const mountinfo = [
      '31 30 0:27 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids',
      '32 30 0:28 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory',
      '33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
      '34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');
    const cgroup = '8:pids:/\n4:memory:/jobs/7\n1:cpu,cpuacct:/\n0::/\n';

    assert.deepEqual(readHierarchies(mountinfo, cgroup), [
      {
        version: 1,
        mount: '/sys/fs/cgroup/pids',
        own: '/sys/fs/cgroup/pids/',
        controllers: ['pids'],
      },
      {
        version: 1,
        mount: '/sys/fs/cgroup/memory',
        own: '/sys/fs/cgroup/memory/jobs/7',
        controllers: ['memory'],
      },
      {
        version: 2,
        mount: '/sys/fs/cgroup/unified',
        own: '/sys/fs/cgroup/unified/',
        controllers: [],
      },
    ]);
  });

  it('finds the own place in v2, also where a container mounts only that', () => {
    const cgroup = '0::/user.slice/user-1000.slice/session-2.scope\n';
    const whole = '30 24 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate';
    const part = '30 24 0:26 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup rw';

    assert.equal(
      readHierarchies(whole, cgroup)[0]?.own,
      '/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope',
    );
    assert.equal(
      readHierarchies(part, cgroup)[0]?.own,
      '/sys/fs/cgroup/user-1000.slice/session-2.scope',
    );
  });

  it('finds nothing where nothing is mounted', () => {
    assert.deepEqual(readHierarchies('', '0::/\n'), []);
  });
});

describe('the control group of a service', () => {
  for (const [name, group, written] of [
    ['hands controllers down when this process is below it', 'w.service/agent', '+memory +pids'],
    ['is left alone when this process is in it', 'w.service', ''],
    ['is left alone when it is no service', 'session-1.scope/agent', ''],
  ] as const) {
    it(name, () => {
      const dir = mkdtempSync(join(tmpdir(), 'weir-cgroup-'));
      const own = join(dir, group);
      mkdirSync(own, { recursive: true });
      const control = join(dir, group.split('/')[0] ?? '', 'cgroup.subtree_control');
      writeFileSync(control, '');

      handDown({ version: 2, own });

      assert.equal(readFileSync(control, 'utf8'), written);
      rmSync(dir, { recursive: true });
    });
  }
});
