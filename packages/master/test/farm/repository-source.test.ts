import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { GitRepository } from '../../../../test/support/git-repository.ts';
import { farmErrorLine } from '../../src/farm/farm-file-error.ts';
import type { FarmSource } from '../../src/farm/farm-source.ts';
import { repositorySource } from '../../src/farm/repository-source.ts';
import { findMirror } from '../upstream/mirrored.ts';

const url = 'https://git.example/farms';
const farm = (include: string): string => `farm: Farm
platforms: {linux: [linux]}
upstreams:
  lua: {repository: 'https://git.example/lua', trunks: {master: {}}, steps: [{build: make}]}
include: ${include}
`;
const project = (name: string): string =>
  `projects: {${name}: {trunks: [lua/master], steps: [{test: 'true'}]}}\n`;

describe('a farm file at the tip of a branch', () => {
  let dir: string;
  let repository: GitRepository;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-farms-'));
    repository = await GitRepository.create(join(dir, 'farms'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  function source(path = 'lua/farm.yaml', branch = 'main'): FarmSource {
    const remotes = new Map([[url, repository.path]]);
    const mirrors = join(dir, 'mirrors');
    const { signal } = new AbortController();
    return repositorySource({ url, branch, path }, { remotes, base: dir }, { mirrors, signal });
  }

  /** Its projects, or what is wrong. */
  async function read(from = source()): Promise<string[] | null> {
    const read = await from.read();
    if (read === null) return null;
    const { reading } = read;
    return reading.ok ? [...reading.farm.projects.keys()] : reading.errors.map(farmErrorLine);
  }

  it('has what it includes from its own folder alone', async () => {
    await repository.commit({
      message: 'Farms',
      files: {
        'lua/farm.yaml': farm('[projects/*.yaml, b.yaml]'),
        'lua/projects/a.yaml': project('a'),
        'lua/b.yaml': project('b'),
        'projects/other.yaml': project('other'),
        'lua-2/projects/other.yaml': project('other2'),
      },
    });

    assert.deepEqual(await read(), ['b', 'a']);
  });

  it('is read once for each commit', async () => {
    const followed = source();
    assert.deepEqual(await read(followed), ['b', 'a']);
    assert.equal(await read(followed), null);

    await repository.commit({ message: 'Gone', files: { 'lua/projects/a.yaml': project('c') } });

    assert.deepEqual(await read(followed), ['b', 'c']);
  });

  it('takes no links, and no bytes that are no text', async () => {
    await repository.git('rm', '--quiet', 'lua/b.yaml');
    await symlink('/etc/hostname', join(repository.path, 'lua/b.yaml'));
    await writeFile(join(repository.path, 'lua/projects/bytes.yaml'), Buffer.from([0xff, 0xfe]));
    await writeFile(join(repository.path, 'lua/projects/large.yaml'), ' '.repeat(1024 * 1024 + 1));
    await repository.commit({ message: 'Strange', files: {} });

    assert.deepEqual(await read(), [
      'lua/b.yaml: is not there',
      'lua/projects/bytes.yaml: no UTF-8 text',
      'lua/projects/large.yaml: larger than 1 MiB',
    ]);
  });

  it('is not there, or its branch is not', async () => {
    assert.deepEqual(await read(source('farm.yaml')), ['farm.yaml: is not there']);
    await assert.rejects(read(source('lua/farm.yaml', 'next')), /it has no branch next/);
  });

  it('is read again when the mirror was broken meanwhile', async () => {
    await repository.git('rm', '--quiet', '-r', 'lua');
    const text = { 'lua/farm.yaml': farm('[b.yaml]'), 'lua/b.yaml': project('b') };
    await repository.commit({ message: 'Anew', files: text });
    await rm(join(findMirror(join(dir, 'mirrors')), 'objects'), { recursive: true });

    assert.deepEqual(await read(), ['b']);
  });
});
