import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { reproduceCommands, shellWord } from '../../src/index.ts';

describe('reproduceCommands', () => {
  it("fetches the farm's own agent, and runs the build with it", () => {
    assert.deepEqual(reproduceCommands('https://farm.example', 7), [
      'curl -fO https://farm.example/weir-worker.mjs',
      'node weir-worker.mjs reproduce https://farm.example/builds/7',
    ]);
  });

  it('says where that is not encrypted, but on this machine', () => {
    const [, far = ''] = reproduceCommands('http://farm.example', 7);
    const [, near = ''] = reproduceCommands('http://127.0.0.1:8010', 7);

    assert.match(far, / --insecure$/);
    assert.doesNotMatch(near, /insecure/);
  });
});

describe('shellWord', () => {
  it('is one word to a shell, whatever it holds', () => {
    assert.equal(shellWord("it's $HOME"), `'it'\\''s $HOME'`);
    assert.equal(shellWord('a-b/c=1'), 'a-b/c=1');
  });
});
