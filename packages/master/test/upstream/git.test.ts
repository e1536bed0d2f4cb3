import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Git } from '../../src/upstream/git.ts';
import { Origin, TemporaryFolder } from './origin.ts';

const never = new AbortController().signal;

describe('git with guard rails', () => {
  let folder: TemporaryFolder;
  let origin: Origin;
  let dir: string;

  beforeEach(() => {
    folder = new TemporaryFolder();
    origin = new Origin(join(folder.path, 'origin.git'));
    dir = join(folder.path, 'mirrors', 'mirror.git');
    mkdirSync(dir, { recursive: true });
  });
  afterEach(() => folder[Symbol.dispose]());

  async function openGit(protocols = 'file', signal = never): Promise<Git> {
    const git = new Git(dir, protocols, signal);
    await git.run(['init', '--bare', '--quiet', '--template=']);
    return git;
  }

  const lsRemote = (address: string) => ['ls-remote', '--end-of-options', address];

  it('uses no transport but the named ones', async () => {
    origin.commit();
    const git = await openGit('https');

    for (const address of [
      `file://${origin.path}`,
      origin.path,
      `ext::touch ${dir}/pwned`,
      'http://127.0.0.1:1/x',
      'git://127.0.0.1/x',
    ]) {
      await assert.rejects(git.run(lsRemote(address)), {
        code: 'repository-unreachable',
        message: /a transport that is not allowed/,
      });
    }
    assert.ok(!existsSync(join(dir, 'pwned')));
  });

  it('reads no configuration of the operator', async () => {
    const home = process.env['HOME'];
    writeFileSync(join(folder.path, '.gitconfig'), '[user]\n\tname = operator\n');
    process.env['HOME'] = folder.path;
    process.env['GIT_CONFIG_PARAMETERS'] = "'user.name=operator'";
    try {
      const git = await openGit();

      assert.doesNotMatch(await git.run(['config', '--list']), /operator/);
    } finally {
      delete process.env['GIT_CONFIG_PARAMETERS'];
      if (home === undefined) delete process.env['HOME'];
      else process.env['HOME'] = home;
    }
  });

  it('finds no repository above a broken one', async () => {
    const above = new Origin(folder.path);
    above.commit();
    const git = new Git(dir, 'file', never);

    await assert.rejects(git.run(['rev-parse', 'refs/heads/main']), {
      code: 'repository-unreachable',
    });
  });

  it('stops reading at 16 MiB and says so', async () => {
    const git = await openGit();
    const blob = origin.gitWith('x'.repeat(20_000_000), 'hash-object', '-w', '--stdin');
    origin.commit({ files: { large: 'x'.repeat(20_000_000) } });
    await git.run(['fetch', '--end-of-options', origin.path, '+refs/heads/main:refs/heads/main']);

    const { text, isCut } = await git.read(['cat-file', 'blob', blob]);

    assert.equal(isCut, true);
    assert.equal(text, 'x'.repeat(16 * 1024 * 1024));
    await assert.rejects(git.run(['cat-file', 'blob', blob]), /said more than is read/);
  });

  it('tells a no from a failure', async () => {
    const git = await openGit();
    const noRef = ['show-ref', '--verify', '--quiet', 'refs/heads/main'];

    assert.equal(await git.find(noRef), null);
    await assert.rejects(git.run(noRef), /failed without a word/);
    await assert.rejects(git.find(['merge-base', 'x', 'y']), { code: 'repository-unreachable' });
  });

  it('takes a git that was killed for a failure', async () => {
    const git = await openGit();
    const bin = join(folder.path, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'git'), '#!/bin/sh\necho half\nkill -9 $$\n', { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = bin;
    try {
      await assert.rejects(new Git(dir, 'file', never).run(['log']), /exit status/);
    } finally {
      process.env['PATH'] = path;
    }
    assert.equal(await git.run(['for-each-ref']), '');
  });

  it('ends at the signal, with its reason', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const stopping = new AbortController();
    const git = await openGit('https', stopping.signal);

    const asked = git.run(lsRemote(`https://127.0.0.1:${port}/x.git`));
    await once(silent, 'connection');
    stopping.abort(new Error('the engine stops'));

    await assert.rejects(asked, /the engine stops/);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
