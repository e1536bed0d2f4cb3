import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { resolveRemote } from '../../src/workspace/remote.ts';

describe('resolveRemote', () => {
  const allowed: [string, string][] = [
    ['https://github.com/lua/lua', 'https'],
    ['https://git.example:8443/a.git', 'https'],
    ['ssh://git@example.org/a/b.git', 'ssh'],
    ['git@github.com:lua/lua.git', 'ssh'],
  ];
  for (const [repository, transport] of allowed) {
    it(`fetches ${repository} by ${transport}`, () => {
      assert.deepEqual(resolveRemote(repository, {}), { url: repository, transport });
    });
  }

  const refused = [
    'file:///etc',
    '/etc',
    '../up',
    'http://example.org/a',
    'git://example.org/a',
    'ext::sh -c "touch /tmp/x"',
    '--upload-pack=touch /tmp/x',
    'ssh://-oProxyCommand=x/a',
    'git@-oProxyCommand=x:a',
    'git@host:-a',
    'https://example.org/a b',
    'https://',
    '',
    'constructor',
  ];
  for (const repository of refused) {
    it(`refuses ${JSON.stringify(repository)}`, () => {
      assert.throws(() => resolveRemote(repository, {}), { code: 'repository-refused' });
    });
  }

  it('takes a local path only for the very URL that names it', () => {
    const remotes = { 'https://github.com/lua/lua': '/srv/lua.git' };

    assert.deepEqual(resolveRemote('https://github.com/lua/lua', remotes), {
      url: '/srv/lua.git',
      transport: 'file',
    });
    assert.equal(resolveRemote('https://github.com/lua/lua.git', remotes).transport, 'https');
    assert.throws(() => resolveRemote('/srv/lua.git', remotes));
  });
});
