import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { reproduceCommands, reproduction } from '../../src/index.ts';
import { smallFarm } from '../support/farms.ts';

const lua = {
  name: 'lua',
  repository: 'https://git.example/lua',
  commit: 'abc',
  env: { CC: "it's" },
  steps: ['make\nmake install\n'],
};
const json = { ...lua, name: 'json', repository: null, env: {}, steps: ['lua test.lua'] };

describe('reproduction', () => {
  it('runs the steps of the platform that failed', () => {
    const farm = smallFarm();
    const lang = farm.upstreams.get('lang');
    const [step] = lang?.steps ?? [];
    assert.ok(lang && step);
    const steps = [step, { ...step, name: 'strip', run: 'strip', platforms: ['arm'] }];
    const upstreams = new Map([['lang', { ...lang, steps }]]);
    const failed = { upstream: 'lang', project: null, step: null, upstreamCommit: 'a' };
    const run = (platform: string): string =>
      reproduction({ ...farm, upstreams }, { ...failed, platform, projectCommit: null }).join('\n');

    assert.match(run('arm'), /strip/);
    assert.doesNotMatch(run('x64'), /strip/);
  });
});

describe('reproduceCommands', () => {
  it('checks out both sides, builds the runtime, and runs the steps with it', () => {
    assert.deepEqual(reproduceCommands(lua, json, 'linux-x64'), [
      'git clone https://git.example/lua lua',
      'git -C lua checkout --detach abc',
      'mkdir json',
      'mkdir -p runtime && export WEIR_PLATFORM=linux-x64 WEIR_RUNTIME="$PWD/runtime" PATH="$PWD/runtime/bin:$PATH"',
      "(cd lua && CC='it'\\''s' sh -e <<'STEP'\nmake\nmake install\nSTEP\n)",
      "(cd json && sh -ec 'lua test.lua')",
    ]);
  });

  it('is understood by a shell as it was meant', () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-reproduce-'));
    try {
      const runtime = {
        ...lua,
        repository: null,
        steps: [
          'mkdir -p "$WEIR_RUNTIME/bin"\necho "echo \\"$CC: \\$1\\"" > "$WEIR_RUNTIME/bin/lua"\n',
          'chmod +x "$WEIR_RUNTIME/bin/lua"',
        ],
      };
      const commands = reproduceCommands(runtime, { ...json, steps: ["lua '$HOME'"] }, 'it is');
      const said = execFileSync('sh', ['-e'], { cwd: dir, input: commands.join('\n') });
      assert.equal(said.toString(), "it's: $HOME\n");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
