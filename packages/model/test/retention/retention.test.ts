import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { expiryOf, newestBuildsKept, newestLogsKept } from '../../src/index.ts';

const day = 86_400_000;
const rule = {
  now: 1_000 * day,
  retention: { buildsMs: 365 * day, logsMs: 90 * day, artifactsMs: 30 * day, noticesMs: 90 * day },
};
const build = (days: number, newer: number, isEvidence = false) => ({
  finishedAt: rule.now - days * day,
  newer,
  isEvidence,
});

describe('retention', () => {
  it('takes the logs first, and the build much later', () => {
    assert.equal(expiryOf(build(90, 1_000), rule), 'keep');
    assert.equal(expiryOf(build(91, 1_000), rule), 'drop-logs');
    assert.equal(expiryOf(build(366, 1_000), rule), 'drop');
  });

  it('keeps the newest of each builder, however old', () => {
    assert.equal(expiryOf(build(900, newestLogsKept - 1), rule), 'keep');
    assert.equal(expiryOf(build(900, newestLogsKept), rule), 'drop-logs');
    assert.equal(expiryOf(build(900, newestBuildsKept - 1), rule), 'drop-logs');
    assert.equal(expiryOf(build(900, newestBuildsKept), rule), 'drop');
  });

  it('keeps evidence whole', () => {
    assert.equal(expiryOf(build(900, 1_000, true), rule), 'keep');
  });
});
