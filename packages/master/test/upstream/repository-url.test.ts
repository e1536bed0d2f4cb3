import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { remoteAddress } from '../../src/upstream/repository-url.ts';

describe('the address of a repository', () => {
  const none = new Map<string, string>();

  it('is its URL, and the one transport of that', () => {
    const https = 'https://git.example/lua';
    const ssh = 'ssh://git@git.example/lua';

    assert.deepEqual(remoteAddress(https, none), { address: https, protocols: 'https' });
    assert.deepEqual(remoteAddress(ssh, none), { address: ssh, protocols: 'ssh' });
  });

  it('is the local mirror that is named for it', () => {
    const remotes = new Map([['https://git.example/lua', '/srv/lua.git']]);

    assert.deepEqual(remoteAddress('https://git.example/lua', remotes), {
      address: '/srv/lua.git',
      protocols: 'file',
    });
    assert.equal(remoteAddress('https://git.example/lua2', remotes).protocols, 'https');
  });

  it('is no local mirror by a path that could mean another one, or an option', () => {
    for (const path of ['lua.git', '../lua.git', '--upload-pack=x', 'file:///lua.git']) {
      const remotes = new Map([['https://git.example/lua', path]]);

      assert.throws(() => remoteAddress('https://git.example/lua', remotes), /absolute path/);
    }
  });

  for (const url of [
    '',
    '/srv/lua.git',
    'file:///srv/lua.git',
    'http://git.example/lua',
    'git://git.example/lua',
    'ext::sh -c touch% x',
    'https::ssh://x',
    '--upload-pack=x',
    'ssh://-oProxyCommand=x/y',
    'https://-x/y',
    ' https://git.example/lua',
    'constructor',
  ]) {
    it(`is not ${JSON.stringify(url)}`, () => {
      assert.throws(() => remoteAddress(url, none), {
        code: 'repository-unreachable',
        message: /only https, ssh/,
      });
    });
  }
});
