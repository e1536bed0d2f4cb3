import assert from 'node:assert/strict';
import process from 'node:process';
import { afterEach, describe, it } from 'mocha';
import { masterCommand } from '../../src/commands/master.ts';
import { UsageError } from '../../src/usage.ts';

describe('weir master', () => {
  const given = process.env['WEIR_REDIS_URL'];
  afterEach(() => {
    if (given === undefined) delete process.env['WEIR_REDIS_URL'];
    else process.env['WEIR_REDIS_URL'] = given;
  });

  const refused = (error: unknown): boolean =>
    error instanceof UsageError &&
    error.message.startsWith('--redis or $WEIR_REDIS_URL is not an address of Redis') &&
    !error.message.includes('hush');

  it('refuses what is no address of a Redis, and shows no password of it', async () => {
    const args = ['--farm', 'farm.yaml'];
    for (const url of ['localhost:6379', 'http://me:hush@host', 'redis:hush']) {
      await assert.rejects(async () => masterCommand.run([...args, '--redis', url]), refused);
    }
    process.env['WEIR_REDIS_URL'] = 'hush';
    await assert.rejects(async () => masterCommand.run(args), refused);
  });
});
