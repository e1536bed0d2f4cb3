import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { farmErrorLine } from '../../src/farm/farm-file-error.ts';
import { filesOf, wholeText } from '../../src/farm/farm-files.ts';
import { readFarmFile } from '../../src/farm/read-farm-file.ts';

const farm = (include: string, projects = ''): string => `
farm: Farm
platforms: {linux: [linux]}
upstreams:
  lua: {repository: 'https://git.example/lua', trunks: {master: {}}, steps: [{build: make}]}
include: ${include}
${projects}`;
const project = (name: string, trunk = 'lua/master'): string =>
  `projects:\n  ${name}:\n    trunks: [${trunk}]\n    steps:\n      - test: lua test.lua\n`;

describe('a farm file that includes others', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-include-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), text);
    }
  }
  /** The names of its projects, or its errors, with paths relative to the folder. */
  async function read(): Promise<string[]> {
    const reading = await readFarmFile(join(dir, 'farm.yaml'));
    if (reading.ok) return [...reading.farm.projects.keys()];
    return reading.errors.map((error) =>
      farmErrorLine({ ...error, file: relative(dir, error.file) }).replaceAll(`${dir}/`, ''),
    );
  }

  it('has their projects after its own, in the order of their paths', async () => {
    await write({
      'farm.yaml': farm('[projects/*.yaml]', project('own')),
      'projects/b.yaml': project('b'),
      'projects/a.yaml': project('a'),
      'projects/note.txt': 'no project',
    });
    assert.deepEqual(await read(), ['own', 'a', 'b']);
  });

  it('may have none yet', async () => {
    await write({ 'farm.yaml': farm('[projects/*.yaml]') });
    assert.deepEqual(await read(), []);
  });

  it('says in which file and line something is wrong, and all of it', async () => {
    await write({
      'farm.yaml': farm('[projects/*.yaml, missing.yaml]', project('own', 'lua/main')),
      'projects/a.yaml': project('a').replace('steps', 'stepps'),
      'projects/b.yaml': project('b', 'lua/5.4'),
      'projects/c.yaml': `limits: {log: 1MiB}\n${project('c')}`,
      'projects/d.yaml': 'projects: [',
    });
    const errors = await read();
    for (const [index, expected] of [
      /^farm.yaml:\d+:14: projects.own.trunks: an unknown trunk/,
      /^missing.yaml: is not there/,
      /^projects\/a.yaml:2:3: projects.a: the key steps is missing/,
      /^projects\/a.yaml:4:5: projects.a.stepps: an unknown key/,
      /^projects\/b.yaml:3:14: projects.b.trunks: an unknown trunk/,
      /^projects\/c.yaml:1:1: limits: an unknown key/,
      /^projects\/d.yaml:1:12: no YAML/,
    ].entries()) {
      assert.match(errors[index] ?? '', expected, errors.join('\n'));
    }
    assert.equal(errors.length, 7, errors.join('\n'));
  });

  it('names both files where a project stands twice', async () => {
    await write({
      'farm.yaml': farm('[a.yaml, b.yaml]'),
      'a.yaml': project('json'),
      'b.yaml': project('json'),
    });
    assert.deepEqual(await read(), [
      'b.yaml:2:3: projects.json: the project json stands in a.yaml as well',
    ]);
  });

  it('takes nothing from outside of its folder', async () => {
    for (const outside of ['../x.yaml', '/etc/x.yaml', 'a/../../x.yaml']) {
      await write({ 'farm.yaml': farm(`['${outside}']`) });
      assert.match((await read())[0] ?? '', /include\[0\]: a wrong value/, outside);
    }
    await write({ 'farm.yaml': farm('[x.yaml]') });
    await symlink('/etc/hostname', join(dir, 'x.yaml'));
    assert.deepEqual(await read(), ["x.yaml: lies outside of the farm file's folder"]);
  });

  it('is another version when one of them changes', async () => {
    const textOf = async (): Promise<string> =>
      wholeText(filesOf((await readFarmFile(join(dir, 'farm.yaml'))).texts));
    await write({ 'farm.yaml': farm('[a.yaml]'), 'a.yaml': project('json') });
    const before = await textOf();
    await write({ 'a.yaml': project('lume') });
    assert.notEqual(await textOf(), before);
    assert.match(before, /# --- a\.yaml ---\nprojects:\n {2}json:/);
  });
});
