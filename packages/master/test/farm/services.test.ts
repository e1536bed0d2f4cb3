import assert from 'node:assert/strict';
import { buildersOf } from '@weir/model';
import { describe, it } from 'mocha';
import { farmErrorLine } from '../../src/farm/farm-file-error.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';

const good = `farm: f
platforms: {linux: [linux]}
upstreams:
  py:
    repository: https://git.example/py
    trunks: {main: {}}
    steps:
      - build: make
projects:
  orm:
    trunks: [py/main]
    services:
      db:
        image: docker.io/library/postgres:16
        port: 5432
        env: {POSTGRES_PASSWORD: weir}
        ready: pg_isready -U postgres
        command: [postgres, -c, max_prepared_transactions=10]
      cache: {image: redis:7, port: 6379, memory: 64MiB, start-within: 5s}
    steps:
      - {name: test, run: make check, network: true}
  plain:
    trunks: [py/main]
    steps:
      - test: make check
`;

describe('the services of a project', () => {
  it('are read with their defaults, and need a worker with containers', () => {
    const reading = readFarmText(good, 'f');
    assert.ok(reading.ok, JSON.stringify(reading));

    assert.deepEqual(reading.farm.projects.get('orm')?.services, [
      {
        name: 'db',
        image: 'docker.io/library/postgres:16',
        port: 5432,
        command: ['postgres', '-c', 'max_prepared_transactions=10'],
        env: { POSTGRES_PASSWORD: 'weir' },
        ready: 'pg_isready -U postgres',
        memoryBytes: 512 * 2 ** 20,
        startWithinMs: 60_000,
      },
      {
        name: 'cache',
        image: 'redis:7',
        port: 6379,
        command: [],
        env: {},
        memoryBytes: 64 * 2 ** 20,
        startWithinMs: 5_000,
      },
    ]);
    assert.deepEqual(
      buildersOf(reading.farm).map(({ name, labels }) => [name, labels]),
      [
        ['py/main/linux', ['linux']],
        ['py/main/orm/linux', ['linux', 'containers']],
        ['py/main/plain/linux', ['linux']],
      ],
    );
  });

  const cases: readonly [what: string, from: string, to: string, error: RegExp][] = [
    [
      'without a port',
      'image: redis:7, port: 6379',
      'image: redis:7',
      /^f:19:7: projects\.orm\.services\.cache: the key port is missing/,
    ],
    [
      'with an image that is an option',
      'image: redis:7',
      'image: --privileged',
      /^f:19:22: projects\.orm\.services\.cache\.image: .*an image such as/,
    ],
    [
      'with a name that makes no variable',
      'cache:',
      'my-cache:',
      /^f:19:7: projects\.orm\.services\.my-cache: a wrong name: expected a name of a-z/,
    ],
    [
      'with a variable of the farm',
      'POSTGRES_PASSWORD',
      'WEIR_PASSWORD',
      /^f:16:15: .*\.db\.env\.WEIR_PASSWORD: a wrong name/,
    ],
    [
      'with more memory than there may be',
      '64MiB',
      '64TiB',
      /^f:19:51: .*\.cache\.memory: .*from 16MiB to 64GiB/,
    ],
    [
      'that no step can reach',
      ', network: true',
      '',
      /^f:12:5: projects\.orm\.services: services that no step can reach: expected a step with network: true$/,
    ],
    [
      'beside a step with the name of one that starts them',
      'name: test',
      'name: start services',
      /^f:21:9: projects\.orm\.steps\[0\]: a step "start services", as the farm calls one/,
    ],
    [
      'of which there are too many',
      '      cache:',
      `${Array.from({ length: 8 }, (_, index) => `      c${index}: {image: redis:7, port: 6379}\n`).join('')}      cache:`,
      /^f:12:5: projects\.orm\.services: too many: expected at most 8, came 10$/,
    ],
  ];
  for (const [what, from, to, error] of cases) {
    it(`are no services ${what}`, () => {
      const reading = readFarmText(good.replace(from, to), 'f');

      assert.ok(!reading.ok);
      assert.match(reading.errors.map(farmErrorLine)[0] ?? '', error);
      assert.equal(reading.errors.length, 1);
    });
  }
});
