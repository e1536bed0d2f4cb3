import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readFarmText } from '../../src/farm/read-farm-file.ts';

const farm = (notify: string): string => `
farm: Lua farm
platforms: {linux: [linux]}
upstreams:
  lua:
    repository: https://git.example/lua
    notify: [lua@example.org]
    trunks: {master: {notify: [master@Example.ORG, lua@example.org]}, old: {}}
    steps: [{build: make}]
projects:
  json: {trunks: [lua/master], notify: [json@example.org], steps: [{test: lua test.lua}]}
notify: ${notify}
`;

describe('the notify section of a farm file', () => {
  it('subscribes whom the file names, each once to a scope', () => {
    const reading = readFarmText(
      farm(`{to: [ops@example.org], from: Lua farm <weir@example.org>, smtp: 'smtps://mail.example.org',
        webhooks: {room: {url: 'https://chat.example.org/x', secret-env: ROOM, about: [project/json]}}}`),
      'farm.yaml',
    );

    assert.ok(reading.ok, JSON.stringify(reading));
    const { notify } = reading.farm;
    assert.deepEqual(notify.from, { name: 'Lua farm', address: 'weir@example.org' });
    assert.deepEqual(
      notify.subscriptions.map(({ channel, address, scope }) => `${scope} ${channel} ${address}`),
      [
        'farm mail ops@example.org',
        'trunk/lua/master mail master@example.org',
        'trunk/lua/master mail lua@example.org',
        'trunk/lua/old mail lua@example.org',
        'project/json mail json@example.org',
        'project/json webhook room',
      ],
    );
    assert.deepEqual(notify.webhooks.get('room'), {
      url: 'https://chat.example.org/x',
      secretEnv: 'ROOM',
    });
  });

  for (const [what, notify] of [
    ['a header in an address', '{to: ["a@example.org\\nBcc: b@example.org"]}'],
    ['a header in the sender', '{from: "Weir\\nBcc: b@example.org <a@example.org>"}'],
    ['a password', '{smtp: "smtp://user:secret@mail.example.org"}'],
    ['a mail server that is none', '{smtp: "https://mail.example.org"}'],
    ['a heartbeat that others hear', '{heartbeat: {url: "http://hc.example.org/1"}}'],
    ['a heartbeat without rest', '{heartbeat: {every: 1s}}'],
    ['a webhook without a secret', '{webhooks: {a: {url: "https://example.org"}}}'],
    [
      'an unknown scope',
      '{webhooks: {a: {url: "https://example.org", secret-env: A, about: [all]}}}',
    ],
    [
      'a scope that the farm does not have',
      '{webhooks: {a: {url: "https://example.org", secret-env: A, about: [trunk/lua/mater]}}}',
    ],
  ] as const) {
    it(`refuses ${what}, and shows no secret`, () => {
      const reading = readFarmText(farm(notify), 'farm.yaml');

      assert.ok(!reading.ok);
      assert.equal(reading.errors.length, 1);
      assert.doesNotMatch(JSON.stringify(reading.errors), /secret@/);
    });
  }
});
