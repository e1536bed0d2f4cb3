/**
 * Runs mocha with every store of the tests on PostgreSQL: `node scripts/test-on-postgres.ts FILES...`,
 * or all tests when none is named. It starts a server of its own: this machine's, else one in a container.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { startAnyPostgres } from '../test/support/servers.ts';
import { makeTemplate } from '../test/support/test-store.ts';

await using server = await startAnyPostgres({
  timeout: () => {},
  skip() {
    throw new Error('there is no PostgreSQL to test on, and no container engine that has one');
  },
});
const url = server.url('postgres');
await makeTemplate(url);
const files = process.argv.slice(2);
const runs =
  files.length > 0
    ? [['--no-config', '--parallel', '--jobs', '2', '--timeout', '60000', ...files]]
    : [[], ['--config', 'test/.mocharc.json']];
for (const args of runs) {
  const child = spawn('mocha', args, {
    stdio: 'inherit',
    env: { ...process.env, WEIR_TEST_STORE: 'postgres', WEIR_TEST_POSTGRES_URL: url },
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) process.exitCode = 1;
}
