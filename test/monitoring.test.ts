import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { insertReader } from '../packages/master/src/store/readers.ts';
import {
  addBuild,
  addRequest,
  addWorker,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../packages/master/test/web/small-farm.ts';
import { needs } from './support/needs.ts';

const folder = fileURLToPath(new URL('../docs/monitoring/', import.meta.url));

describe('monitoring', () => {
  let farm: SmallFarm;
  let text: string;

  before(async () => {
    farm = await startSmallFarm();
    await farm.store.unit((db) => insertReader(db, 'notifier', 0));
    const worker = await addWorker(farm, 'w1', { slots: 3 });
    await addWorker(farm, 'w2', { pending: true });
    for (const result of ['success', 'failure', 'lost'] as const) {
      const { build } = await addBuild(
        farm,
        await addRequest(farm, runtimeBuilder, { upstream: 1 }),
        worker,
      );
      await endBuild(farm, build, result);
    }
    await addBuild(
      farm,
      await addRequest(farm, projectBuilder, { upstream: 1, project: 1 }),
      worker,
    );
    await addRequest(farm, projectBuilder, { upstream: 1, project: 1 });
    // The feed has read on when the events are counted.
    text = await metricsWith(/^weir_builds_finished_total\{result="lost"\} 1$/m);
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function metrics(): Promise<string> {
    const response = await fetch(`${farm.url}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    return response.text();
  }

  async function metricsWith(line: RegExp): Promise<string> {
    for (;;) {
      const now = await metrics();
      if (line.test(now)) return now;
    }
  }

  const lines = [
    'weir_engine_up 1',
    'weir_engine_commits_total 7',
    'weir_engine_busy_seconds_total 1.5',
    'weir_builds_total 4',
    'weir_builds_finished_total{result="success"} 1',
    'weir_builds_finished_total{result="failure"} 1',
    'weir_builds_finished_total{result="cancelled"} 0',
    'weir_builds_running 1',
    'weir_requests_waiting 1',
    'weir_slots 3',
    'weir_slots_busy 1',
    'weir_workers 1',
    'weir_workers_online 1',
    'weir_workers_troubled{state="pending"} 1',
    'weir_workers_troubled{state="quarantined"} 0',
    'weir_reader_passed_over_total{reader="notifier"} 0',
    'weir_disk_low 0',
  ];
  for (const line of lines) {
    it(`measures ${line}`, () => {
      assert.ok(text.split('\n').includes(line), text);
    });
  }

  it('gives each trunk the one status that holds', () => {
    const statuses = text.match(/^weir_trunk_status\{.*\} [01]$/gm) ?? [];

    assert.ok(statuses.every((line) => line.includes('trunk="lua/master"')));
    assert.equal(statuses.filter((line) => line.endsWith(' 1')).length, 1);
  });

  it('says the same again when nothing happened', async () => {
    const still = (all: string): string[] =>
      all.split('\n').filter((line) => line.startsWith('weir_') && !line.includes('seconds'));

    assert.deepEqual(still(await metrics()), still(text));
  });

  it('keeps to the conventions', function () {
    needs(this, 'promtool');
    promtool(['check', 'metrics'], text);
  });

  it('has alerts that can be read, and go off when they should', function () {
    needs(this, 'promtool');
    promtool(['check', 'rules', 'weir-alerts.yaml']);
    promtool(['test', 'rules', 'weir-alerts.test.yaml']);
  });

  for (const file of ['weir-alerts.yaml', 'weir-dashboard.json', '../monitor-a-farm.md']) {
    it(`${file} asks for nothing that is not measured`, async () => {
      const asked = (await readFile(folder + file, 'utf8')).match(/\b(weir|process)_\w+/g) ?? [];
      // A label's value that comes only with an event has its name in the text all the same.
      const measured = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));

      assert.ok(asked.length > 0);
      assert.deepEqual(
        asked.filter((name) => !measured.has(name)),
        [],
      );
    });
  }

  it('documents all that is measured', async () => {
    const documented = await readFile(`${folder}../monitor-a-farm.md`, 'utf8');

    for (const [, name = ''] of text.matchAll(/^# TYPE (\S+)/gm)) {
      assert.ok(documented.includes(`\`${name}`), name);
    }
  });
});

function promtool(args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: folder,
    input,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
}
