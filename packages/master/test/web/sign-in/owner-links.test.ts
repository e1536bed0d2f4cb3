import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  makeOwnerLink,
  makeOwnerSession,
  ownerInSession,
  ownerLinkEnd,
} from '../../../src/web/sign-in/session.ts';

const minute = 60_000;

const keys = { cookieSecret: 'secret', tokenHash: 'hash' };

describe("the link of a worker's owner", () => {
  it('is good for ten minutes', () => {
    const code = makeOwnerLink(keys, 'w1', 0);

    assert.equal(ownerLinkEnd(code, keys, 'w1', 10 * minute - 1), 10 * minute);
    assert.equal(ownerLinkEnd(code, keys, 'w1', 10 * minute), undefined);
  });

  it('is good for its own worker, and only as it was made', () => {
    const code = makeOwnerLink(keys, 'w1', 0);

    assert.equal(ownerLinkEnd(code, keys, 'w2', 1), undefined);
    assert.equal(ownerLinkEnd(code.replace('600000', '900000'), keys, 'w1', 1), undefined);
    assert.equal(ownerLinkEnd(code, { ...keys, cookieSecret: 'other' }, 'w1', 1), undefined);
    assert.equal(ownerLinkEnd('', keys, 'w1', 1), undefined);
  });
});

describe("the session of a worker's owner", () => {
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
