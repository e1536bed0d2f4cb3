import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { OwnerLinks } from '../../../src/web/sign-in/owner-links.ts';
import { makeOwnerSession, ownerInSession } from '../../../src/web/sign-in/session.ts';

const minute = 60_000;

describe("the link of a worker's owner", () => {
  it('is good once', () => {
    const links = new OwnerLinks();
    const code = links.make('w1', 0);

    assert.ok(links.use(code, 'w1', 1));
    assert.ok(!links.use(code, 'w1', 1));
  });

  it('is good for ten minutes', () => {
    const links = new OwnerLinks();

    assert.ok(links.use(links.make('w1', 0), 'w1', 10 * minute - 1));
    assert.ok(!links.use(links.make('w1', 0), 'w1', 10 * minute));
  });

  it('is good for its own worker, and not spent by a try at another', () => {
    const links = new OwnerLinks();
    const code = links.make('w1', 0);

    assert.ok(!links.use(code, 'w2', 1));
    assert.ok(links.use(code, 'w1', 1));
  });
});

describe("the session of a worker's owner", () => {
  const keys = { cookieSecret: 'secret', tokenHash: 'hash' };

  it('names its worker, dots and all, for twelve hours', () => {
    const session = makeOwnerSession(keys, 'w.1.example', 0);

    assert.equal(ownerInSession(session, keys, 12 * 60 * minute - 1), 'w.1.example');
    assert.equal(ownerInSession(session, keys, 12 * 60 * minute), undefined);
  });

  it('is none with another worker in it, or another secret', () => {
    const session = makeOwnerSession(keys, 'w1', 0);

    assert.equal(ownerInSession(session.replace('.w1.', '.w2.'), keys, 1), undefined);
    assert.equal(ownerInSession(session, { ...keys, tokenHash: 'new' }, 1), undefined);
    assert.equal(ownerInSession('', keys, 1), undefined);
  });
});
