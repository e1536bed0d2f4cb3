import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { farmErrorLine } from '../../src/farm/farm-file-error.ts';
import { readFarmFile, readFarmText } from '../../src/farm/read-farm-file.ts';

const billionLaughs = ['platforms:', '  a0: &a0 [x]']
  .concat(Array.from({ length: 30 }, (_, n) => `  a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`))
  .join('\n');

describe('hostile YAML', () => {
  const cases: readonly [what: string, text: string, error: RegExp][] = [
    ['an empty file', '', /^f:1:1: the file is empty$/],
    ['comments alone', '# nothing\n', /^f:1:1: the file is empty$/],
    [
      'a NUL',
      'farm: f\nx: a\0b',
      /^f:2:5: a control character: expected printable text, came U\+0000$/,
    ],
    ['a terminal escape', 'farm: \x1b]0;x\x07', /^f:1:7: a control character: .*U\+001B$/],
    ['half of a surrogate pair', 'farm: \uD800', /^f:1:7: a control character: .*U\+D800$/],
    ['an unknown tag', 'farm: !!js/function x', /^f:1:7: a tag: a farm file has none$/],
    ['two documents', 'farm: f\n---\nfarm: g\n', /^f:2:1: a second YAML document/],
    ['a tab as indentation', 'limits:\n\tlog: 1MiB', /^f:2:1: a tab as indentation/],
    ['a map as key', '? {a: b}\n: c', /^f:1:3: a key that is no text$/],
    ['an open quote', 'farm: "f', /^f:1:9: no YAML: Missing closing "quote$/],
    ['deep lists', '['.repeat(50_000), /^f:1:\d+: nested too deeply$/],
    ['deep maps', '{a: '.repeat(50_000), /^f:1:\d+: nested too deeply$/],
  ];
  for (const [what, text, error] of cases) {
    it(`costs one error: ${what}`, () => {
      const errors = errorsIn(text);
      assert.equal(errors.length, 1, errors.slice(0, 5).join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  for (const [what, text, place] of [
    ['a name', `platforms:\n  x: [a${'-'.repeat(500_000)}A]\n`, 'platforms.x'],
    ['an address', `public-url: https://a${'/'.repeat(500_000)}b\n`, 'public-url'],
    ['a sender', `notify:\n  from: "${' '.repeat(500_000)}x"\n`, 'notify.from'],
  ] as const) {
    it(`costs no more time than its length: ${what}`, () => {
      assert.ok(errorsIn(text).some((error) => error.includes(place)));
    });
  }

  it('costs an error for each alias, and no memory: an alias bomb', () => {
    const errors = errorsIn(billionLaughs);

    assert.equal(errors.filter((error) => error.includes(': an alias (')).length, 60);
    assert.match(
      errors[2] ?? '',
      /^f:3:12: platforms\.a1\[0\]: an alias \(\*a0\); a farm file has none: write out/,
    );
  });

  it('costs at most 200 errors, and a count of the others', () => {
    const errors = errorsIn(Array.from({ length: 1_000 }, (_, n) => `key${n}: x`).join('\n'));

    assert.equal(errors.length, 201);
    assert.match(errors.at(-1) ?? '', /and 803 errors more$/);
  });

  it('is refused when it means more builders than any farm has', () => {
    const names = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, n) => `${prefix}${n}`);
    const text = `farm: f
platforms: {${names('p', 300)
      .map((name) => `${name}: [linux]`)
      .join(', ')}}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {${names('t', 300)
      .map((name) => `${name}: {}`)
      .join(', ')}}
    steps: [{build: make}]
`;

    assert.deepEqual(errorsIn(text), [
      'f:1:1: too many builders: expected at most 50000, came up to 90000',
    ]);
  });
});

describe('a farm file that can not be read', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-farm-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('is not there', async () => {
    assert.match(await onlyError(join(dir, 'none.yaml')), /none\.yaml: can't be read: ENOENT/);
  });

  it('is a folder', async () => {
    assert.match(await onlyError(dir), /: can't be read: EISDIR/);
  });

  it('is larger than 1 MiB', async () => {
    const path = await file('large.yaml', '#'.repeat(1024 * 1024 + 1));

    assert.match(await onlyError(path), /large\.yaml: larger than 1 MiB$/);
  });

  it('is no UTF-8', async () => {
    const path = await file('latin.yaml', Buffer.from('farm: f\xE9', 'latin1'));

    assert.match(await onlyError(path), /latin\.yaml: no UTF-8 text$/);
  });

  it('is read with a byte order mark', async () => {
    const reading = await readFarmFile(await file('bom.yaml', '\uFEFFfarm: [1]'));

    assert.ok(!reading.ok);
    assert.equal(reading.errors.find(({ path }) => path === 'farm')?.column, 7);
  });

  async function file(name: string, content: string | Buffer): Promise<string> {
    await writeFile(join(dir, name), content);
    return join(dir, name);
  }

  async function onlyError(path: string): Promise<string> {
    const reading = await readFarmFile(path);
    assert.ok(!reading.ok);
    assert.equal(reading.errors.length, 1);
    assert.deepEqual([...reading.texts.values()], ['']);
    return reading.errors.map(farmErrorLine).join();
  }
});

function errorsIn(text: string): string[] {
  const reading = readFarmText(text, 'f');
  assert.ok(!reading.ok);
  return reading.errors.map(farmErrorLine);
}
