import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const serviceSchema = z.looseObject({
  image: z.string(),
  build: z.looseObject({ target: z.string(), args: z.record(z.string(), z.string()) }).optional(),
  restart: z.enum(['no', 'unless-stopped']),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
});
const fileSchema = z.object({ services: z.record(z.string(), serviceSchema) });

/** The image that a variable stands for when nobody sets it. */
const byDefault = (text: string): string => /^\$\{\w+:-(.*)\}$/.exec(text)?.[1] ?? text;
const isPinned = (image: string): boolean => /:v?\d+\.\d+\.\d+(-|$)|:15\.\d+-/.test(image);

describe('the compose file', () => {
  const { services } = fileSchema.parse(parse(read('docker-compose.yml'), { merge: true }));
  const running = Object.entries(services).filter(([, { restart }]) => restart !== 'no');

  it('names public images by whole versions, the same as the Dockerfile', () => {
    const given = /^ARG NODE_IMAGE=(\S+)$/m.exec(read('docker/Dockerfile'))?.[1] ?? '';
    assert.ok(isPinned(given), given);
    for (const [name, { image, build }] of Object.entries(services)) {
      if (build === undefined) assert.ok(isPinned(byDefault(image)), `${name}: ${image}`);
      else assert.equal(byDefault(build.args['NODE_IMAGE'] ?? ''), given, name);
    }
  });

  it('gives each container as little as it needs', () => {
    const bounds = ['mem_limit', 'cpus', 'pids_limit'];
    for (const [name, service] of running) {
      assert.equal(service['read_only'], true, name);
      assert.deepEqual(service['cap_drop'], ['ALL'], name);
      assert.deepEqual(service['security_opt'], ['no-new-privileges:true'], name);
      // Images of its own have an ordinary user by themselves.
      const user = service.build === undefined ? service['user'] : '10001:10001';
      assert.match(String(user), /^[1-9]\d*:\d+$/, name);
      for (const bound of bounds) assert.ok(service[bound] !== undefined, `${name}: ${bound}`);
    }
    assert.match(read('docker/Dockerfile'), /^USER 10001:10001$/m);
  });

  it('shows secrets to nobody in the environment, and to workers and the proxy not at all', () => {
    const secret = /(TOKEN|SECRET|PASSWORD|DATABASE_URL)$/;
    for (const [name, { environment, volumes }] of Object.entries(services)) {
      assert.deepEqual(
        Object.keys(environment).filter((key) => secret.test(key)),
        [],
        name,
      );
      const isTrusted = volumes.some((volume) => volume.startsWith('secrets:'));
      assert.ok(!isTrusted || !/^(worker|proxy|mail|redis)/.test(name), name);
    }
  });

  it('keeps the settings of Redis that a farm needs', () => {
    const command = String(services['redis']?.['command']);

    assert.match(command, /--appendonly yes/);
    assert.match(command, /--maxmemory-policy noeviction/);
  });
});
