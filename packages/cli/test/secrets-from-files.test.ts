import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { readSecretsFromFiles } from '../src/secrets-from-files.ts';

describe('secrets in files', () => {
  let dir = '';
  const file = (name: string, text: string): string => {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  };

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-secrets-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('are read without the end of the line, and variables of others are left alone', () => {
    const env: NodeJS.ProcessEnv = {
      WEIR_ADMIN_TOKEN_FILE: file('token', 'a b\n'),
      AWS_SECRET_ACCESS_KEY_FILE: file('key', 's3'),
      WEIR_REDIS_URL_FILE: '',
      SSL_CERT_FILE: '/nowhere',
    };

    readSecretsFromFiles(env);

    assert.equal(env['WEIR_ADMIN_TOKEN'], 'a b');
    assert.equal(env['AWS_SECRET_ACCESS_KEY'], 's3');
    assert.equal(env['WEIR_REDIS_URL'], undefined);
    assert.equal(env['SSL_CERT'], undefined);
  });

  it('are not taken beside the same variable itself', () => {
    const env = { WEIR_ADMIN_TOKEN: 'one', WEIR_ADMIN_TOKEN_FILE: file('other', 'two') };

    assert.throws(() => readSecretsFromFiles(env), /WEIR_ADMIN_TOKEN and .* are both set/);
  });

  for (const [what, text] of [
    ['nothing', '\n'],
    ['two lines', 'a\nb\n'],
    ['too much', 'a'.repeat(70_000)],
  ] as const) {
    it(`are refused when a file holds ${what}, which is not repeated`, () => {
      const env = { WEIR_HOOK_SECRET_FILE: file('wrong', text) };

      assert.throws(() => readSecretsFromFiles(env), /^UsageError: WEIR_HOOK_SECRET_FILE names/);
    });
  }

  it('are named with the reason when they are missing', () => {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const env = { ...process.env, WEIR_DATABASE_URL_FILE: join(dir, 'missing') };

    const { status, stderr } = spawnSync(process.execPath, [main, 'check', 'farm.yaml'], {
      env,
      encoding: 'utf8',
    });

    assert.equal(status, 2);
    assert.match(stderr, /WEIR_DATABASE_URL_FILE names a file that can't be read: ENOENT/);
  });
});
