import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { FarmProcess } from '../test/support/farm-process.ts';
import { appBuilder, createSmallFarm } from '../test/support/small-farm.ts';

/*
 * node scripts/dump-store.ts packages/master/test/store/upgrades/N.sql
 *
 * Writes the store of a small farm as this program leaves it when it is killed: for who adds a
 * migration, run before that is added. Needs the program sqlite3.
 */
const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: node scripts/dump-store.ts FILE');

await using repositories = await createSmallFarm();
await using farm = await FarmProcess.start({
  farm: repositories.farm({ extra: 'notify:\n  to: [ops@example.org]\n' }),
  remotes: repositories.remotes,
});
await farm.addWorker({ name: 'w1', slots: 2 });
await farm.events.until('build.finished', { data: { builder: appBuilder, result: 'success' } });
await repositories.app.commit({ message: 'Break it', files: { 'app.txt': 'exit 1\n' } });
await farm.events.until('breakage.opened');
await farm.addWorker({ name: 'w2', isInvited: false });
await farm.events.until('worker.asked', { subject: 'worker/w2' });
const { last } = farm.events;
await repositories.app.commit({ message: 'Run for long', files: { 'app.txt': 'sleep 600\n' } });
await farm.events.until('step.started', { after: last });
await farm.post(`/api/v1/builders/${encodeURIComponent(appBuilder)}/pause`, { reason: 'to wait' });
await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'waits' });
await farm.kill();

const store = join(farm.dataDir, 'weir.sqlite');
const text = execFileSync('sqlite3', [store, '.dump'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
writeFileSync(
  target,
  text
    .replaceAll(farm.farmPath, '/etc/weir/farm.yaml')
    .replaceAll(farm.dir, '/var/lib/weir')
    .replaceAll(/"cpu":"[^"]*"/g, '"cpu":"A CPU"')
    .replaceAll(/"memory":"[^"]*"/g, '"memory":"8192 MiB"'),
);
