import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeKey } from '@weir/protocol';
import { describe, it } from 'mocha';
import { FileLock } from '../../src/workspace/lock.ts';
import { Runtimes } from '../../src/workspace/runtimes.ts';

class Scene implements Disposable {
  readonly data = mkdtempSync(join(tmpdir(), 'weir-runtimes-'));
  readonly runtimes = new Runtimes(this.data);
  #age = 100;

  /** Each is younger than the one before. */
  async make(key: RuntimeKey): Promise<void> {
    using _lock = await this.runtimes.begin(key, new AbortController().signal);
    writeFileSync(join(this.runtimes.path(key), 'lua'), '');
    this.runtimes.complete(key, { bytes: 100 });
    this.#age -= 1;
    const madeAt = Date.now() / 1_000 - this.#age;
    utimesSync(`${this.runtimes.path(key)}.json`, madeAt, madeAt);
  }

  [Symbol.dispose](): void {
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
  }
}

function keyOf(digit: string, more: Partial<RuntimeKey> = {}): RuntimeKey {
  return { upstream: 'lua', trunk: 'main', platform: 'debian', commit: digit.repeat(40), ...more };
}

const { signal } = new AbortController();

describe('the runtimes of a worker', () => {
  it('are listed once they are complete', async () => {
    using scene = new Scene();
    await scene.make(keyOf('a'));

    using _lock = await scene.runtimes.begin(keyOf('b'), signal);

    assert.deepEqual(scene.runtimes.list(), [keyOf('a')]);
    assert.equal(scene.runtimes.isComplete(keyOf('b')), false);
  });

  it('are built from an empty folder each time', async () => {
    using scene = new Scene();
    await scene.make(keyOf('a'));

    using _lock = await scene.runtimes.begin(keyOf('a'), signal);

    assert.deepEqual(readdirSync(scene.runtimes.path(keyOf('a'))), []);
    assert.deepEqual(scene.runtimes.list(), []);
  });

  it('are dropped, those used longest ago first, but not while in use', async () => {
    using scene = new Scene();
    for (const digit of ['a', 'b', 'c', 'd']) await scene.make(keyOf(digit));
    await scene.make(keyOf('a', { platform: 'alpine' }));
    using _used = await scene.runtimes.use(keyOf('a'), signal);

    const dropped = scene.runtimes.prune(350);

    assert.deepEqual(dropped, [keyOf('c'), keyOf('b')]);
    assert.equal(existsSync(scene.runtimes.path(keyOf('b'))), false);
    assert.equal(scene.runtimes.list().length, 3);
    assert.deepEqual(scene.runtimes.prune(0), [keyOf('a', { platform: 'alpine' }), keyOf('d')]);
  });

  it('stay inside their folder and apart, whatever they are called', () => {
    using scene = new Scene();
    const hostile = ['..', '../../x', 'a/b', 'a-b', 'A', 'a', 'x'.repeat(200), '', 'CON', '.'];
    const paths = hostile.map((trunk) => scene.runtimes.path(keyOf('a', { trunk })));

    assert.equal(new Set(paths.map((path) => path.toLowerCase())).size, hostile.length);
    for (const path of paths) assert.ok(path.startsWith(join(scene.data, 'runtimes', 'lua', '/')));
    for (const path of paths) assert.equal(path.split('/').length, paths[0]?.split('/').length);
  });
});

describe('a file lock', () => {
  it('is shared, or held alone', () => {
    using scene = new Scene();
    const path = join(scene.data, 'lock');
    {
      using first = FileLock.try(path, 'shared');
      using second = FileLock.try(path, 'shared');
      assert.ok(first !== null && second !== null);
      assert.equal(FileLock.try(path, 'exclusive'), null);
    }
    using alone = FileLock.try(path, 'exclusive');
    assert.ok(alone !== null);
    assert.equal(FileLock.try(path, 'shared'), null);
  });
});
