import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { causeOf } from '../../src/upstream/repository-error.ts';

describe('the cause of a failure', () => {
  const access = 'https://git.example/x/';
  for (const [words, cause] of [
    [
      `fatal: unable to access '${access}': Could not resolve host: git.example`,
      'its host is not known',
    ],
    [
      `fatal: unable to access '${access}': Failed to connect to git.example port 443 after 3 ms: Couldn't connect to server`,
      'its host refuses connections',
    ],
    ['Error: block timeout reached', 'its host does not answer'],
    [
      `fatal: unable to access '${access}': Operation too slow. Less than 1 bytes/sec transferred the last 20 seconds`,
      'its host does not answer',
    ],
    [
      `fatal: could not read Username for 'https://git.example': terminal prompts disabled`,
      'it asks for credentials: there is no such repository, or it is not public',
    ],
    [
      'git@git.example: Permission denied (publickey).\nfatal: Could not read from remote repository.',
      'it asks for credentials: there is no such repository, or it is not public',
    ],
    [
      'Host key verification failed.\nfatal: Could not read from remote repository.',
      "its host's ssh key is not known here",
    ],
    [`fatal: repository '${access}' not found`, 'there is no such repository'],
    [`fatal: repository 'https://git.example/openssl' not found`, 'there is no such repository'],
    [
      `fatal: unable to access '${access}': server certificate verification failed. CAfile: none`,
      "its host's certificate is not trusted",
    ],
  ] as const) {
    it(`is said in words for people: ${cause}`, () => {
      assert.equal(causeOf(words), cause);
    });
  }

  it('is git’s own complaint where it is no known one, in one line', () => {
    const words = 'remote: Counting\r\nremote: 1%\rfatal: bad thing\nhint: do that\n';

    assert.equal(causeOf(words), 'bad thing');
    assert.equal(causeOf('  \n odd \n'), 'odd');
    assert.equal(causeOf(''), 'git failed without a word');
    assert.equal(causeOf('x'.repeat(1_000)).length, 300);
  });
});
