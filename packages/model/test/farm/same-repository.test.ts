import assert from 'node:assert/strict';
import { canonicalRepository } from '@weir/model';
import { describe, it } from 'mocha';

describe('the addresses of one repository', () => {
  const same = [
    'https://github.com/lua/lua',
    'https://github.com/lua/lua.git',
    'https://GitHub.com/Lua/Lua/',
    'ssh://git@github.com/lua/lua.git',
    'ssh://git@github.com:22/lua/lua',
    'git@github.com:lua/lua.git',
    'git://github.com/lua/lua.git',
  ];
  for (const address of same) {
    it(`${address} is github.com/lua/lua`, () => {
      assert.equal(canonicalRepository(address), 'github.com/lua/lua');
    });
  }

  it('are none where there is no host or no path', () => {
    for (const address of ['', '/srv/lua', 'file:///srv/lua', 'https://github.com/', 'lua']) {
      assert.equal(canonicalRepository(address), null, address);
    }
  });
});
