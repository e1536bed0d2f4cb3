import assert from 'node:assert/strict';
import type { ApiBuild, ApiDelivery, ApiEvent, ApiRequest, ApiStep } from '@weir/protocol';
import { describe, it } from 'mocha';
import type { Evidence, PlayedFault } from './evidence.ts';
import { everyone } from './farm-file.ts';
import { judgeEvents } from './judges/events.ts';
import { judgeLogs } from './judges/logs.ts';
import type { Loss } from './judges/loss.ts';
import { judgeLost } from './judges/lost.ts';
import { judgeNotices, judgeRepeats } from './judges/notices.ts';
import { judgeRequests } from './judges/requests.ts';
import { judgeResults } from './judges/results.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Receipt } from './mailbox.ts';

const nonce = '0123456789abcdef';
const step = {
  index: 0,
  state: 'finished',
  result: 'success',
  findings: [],
  exitCode: 0,
  startedAt: 1,
} as unknown as ApiStep;
const build = {
  id: 1,
  request: 1,
  worker: 'w01',
  result: 'success',
  text: '',
  steps: [step],
} as unknown as ApiBuild;
const request = { id: 1, state: 'done', result: 'success', attempts: 0 } as unknown as ApiRequest;
const ledger: LedgerEntry = {
  nonce,
  kind: 'words',
  isBroken: false,
  dir: '/farm/w01/slots/0/src',
  pid: 1,
  at: 1,
  printed: 10,
  ended: { bytes: 10, sha256: '', exit: 0, at: 2 },
};
const log = { build: 1, step: 0, nonce, keptBytes: 10, isCut: false, difference: null };
const delivery = {
  id: 1,
  notice: 1,
  channel: 'mail',
  address: everyone,
  headline: 'broke',
  state: 'sent',
} as unknown as ApiDelivery;
const receipt: Receipt = { at: 10, to: everyone, messageId: '<1>', subject: '[weir] broke' };
const killed: PlayedFault = {
  at: 0,
  kind: 'runner killed',
  victim: 'w01',
  lastsMs: 0,
  chance: 0,
  from: 1_000,
  to: 1_000,
};

function event(number: number, kind: string, subject: string): ApiEvent {
  return { number, at: number, kind, actor: 'engine', subject, data: {} };
}

const events = [
  event(1, 'request.created', 'request/1'),
  event(2, 'build.started', 'build/1'),
  event(3, 'build.finished', 'build/1'),
];

/** What a farm leaves that has built one request, and lost nothing. */
function evidence(changes: Partial<Evidence> = {}): Evidence {
  const { events: all = events } = changes;
  return {
    requests: [request],
    builds: [build],
    logs: [log],
    breakages: [],
    notices: [],
    deliveries: [delivery],
    events: all,
    seen: all.map((each) => ({ at: each.number * 1_000, event: each })),
    contradictions: [],
    ledgers: new Map([[nonce, ledger]]),
    receipts: [receipt],
    interruptions: [],
    acknowledged: [1],
    cancelled: new Set(),
    faults: [],
    open: [],
    ...changes,
  };
}

function textsOf(losses: readonly Loss[]): string[] {
  return losses.map(({ subject, text }) => `${subject} ${text}`);
}

describe('the judges of chaos', () => {
  it('find nothing where nothing was lost', () => {
    const judges = [judgeRequests, judgeResults, judgeLogs, judgeLost, judgeEvents, judgeNotices];

    assert.deepEqual(
      judges.flatMap((judge) => judge(evidence())),
      [],
    );
    assert.deepEqual(judgeRepeats(evidence()), { losses: [], repeats: 0 });
  });

  describe('of requests', () => {
    it('miss one that the farm said it has', () => {
      const losses = judgeRequests(evidence({ acknowledged: [1, 2] }));
      assert.deepEqual(textsOf(losses), ['request/2 is gone: the farm had said that it has it']);
    });

    it('take one result, and no other than that of its build', () => {
      const twice = [build, { ...build, id: 2 }];
      const other = [{ ...build, result: 'failure' as const }];
      assert.deepEqual(textsOf(judgeRequests(evidence({ builds: twice }))), [
        'request/1 has results of build 1, build 2',
      ]);
      assert.deepEqual(textsOf(judgeRequests(evidence({ builds: other }))), [
        'request/1 is success, and its build 1 is failure',
      ]);
    });

    it('take none that is given up early, or never ends', () => {
      const requests = [{ ...request, result: 'lost' as const }];
      const builds = [{ ...build, result: 'lost' as const }];
      assert.deepEqual(textsOf(judgeRequests(evidence({ requests, builds }))), [
        'request/1 was given up after 1 builds, and 6 are allowed',
      ]);
      const waiting = [{ ...request, state: 'waiting' as const, result: null }];
      assert.deepEqual(textsOf(judgeRequests(evidence({ requests: waiting }))), [
        'request/1 is still waiting',
      ]);
    });
  });

  describe('of results', () => {
    it('believe the ledger', () => {
      const ended = { bytes: 10, sha256: '', exit: 3, at: 2 };
      const ledgers = new Map([[nonce, { ...ledger, ended }]]);
      assert.deepEqual(textsOf(judgeResults(evidence({ ledgers }))), [
        'build/1 step 0 is success by exit code 0, and it ended with 3',
      ]);
    });

    it('take a step that its time-out ended before its first word, and no other without a run', () => {
      const none = { ledgers: new Map(), logs: [] };
      const late = { ...step, result: 'failure', findings: ['timed-out'], log: { bytes: 0 } };
      const said = { ...late, log: { bytes: 1 } };
      const of = (each: object): Loss[] =>
        judgeResults(
          evidence({
            ...none,
            builds: [{ ...build, result: 'failure', steps: [each as ApiStep] }],
          }),
        );

      assert.deepEqual(of(late), []);
      assert.equal(of(said).length, 1);
    });

    it('take no end of what never came to one', () => {
      const ledgers = new Map([[nonce, { ...ledger, ended: null }]]);
      assert.deepEqual(textsOf(judgeResults(evidence({ ledgers }))), [
        'build/1 step 0 is success, and it never came to its end',
      ]);
    });

    it('see a run that two builds tell of, and one that none does', () => {
      const builds = [build, { ...build, id: 2, request: 2 }];
      const twice = judgeResults(evidence({ builds, logs: [log, { ...log, build: 2 }] }));
      assert.deepEqual(textsOf(twice), [`run/${nonce} run ${nonce} is in build 1 and build 2`]);
      const other = 'fedcba9876543210';
      const ledgers = new Map([
        [nonce, ledger],
        [other, { ...ledger, nonce: other }],
      ]);
      assert.deepEqual(textsOf(judgeResults(evidence({ ledgers }))), [
        `run/${other} w01 ran 1 steps that no build tells of, and lost 0 builds: ${other}`,
      ]);
    });

    it('take an exception only of a worker whose disk was full', () => {
      const builds = [{ ...build, result: 'exception' as const, text: 'no space' }];
      const faults = [{ ...killed, kind: 'worker disk full' as const }];
      assert.deepEqual(textsOf(judgeResults(evidence({ builds }))), [
        'build/1 is exception: no space',
      ]);
      assert.deepEqual(judgeResults(evidence({ builds, faults })), []);
    });
  });

  it('of logs tell where a log differs', () => {
    const losses = judgeLogs(evidence({ logs: [{ ...log, difference: 'differs at byte 3' }] }));
    assert.deepEqual(textsOf(losses), ['build/1 the log of step 0: differs at byte 3']);
  });

  it('of lost builds want a fault on their worker that may take them', () => {
    const builds = [{ ...build, result: 'lost' as const, text: 'came back without it' }];
    const lost = [event(1, 'build.started', 'build/1'), event(2, 'build.lost', 'build/1')];
    const elsewhere = [{ ...killed, victim: 'w02' }];
    const harmless = [{ ...killed, kind: 'link cut' as const }];
    for (const faults of [[], elsewhere, harmless]) {
      assert.deepEqual(textsOf(judgeLost(evidence({ builds, events: lost, faults }))), [
        'build/1 of w01 is lost: came back without it',
      ]);
    }
    assert.deepEqual(judgeLost(evidence({ builds, events: lost, faults: [killed] })), []);
  });

  describe('of events', () => {
    it('want every number, and each event as it was seen', () => {
      const gap = events.map((each) => ({ ...each, number: each.number === 3 ? 4 : each.number }));
      assert.deepEqual(textsOf(judgeEvents(evidence({ events: gap }))), [
        'event/4 event 4 stands where 3 was due',
      ]);
      const seen = [...events, event(4, 'build.started', 'build/2')].map((each) => ({
        at: 1,
        event: each,
      }));
      assert.deepEqual(textsOf(judgeEvents(evidence({ seen }))), [
        'event/4 was build.started of build/2, and is gone',
      ]);
    });

    it('want one beginning and one end of each build', () => {
      assert.deepEqual(textsOf(judgeEvents(evidence({ events: events.slice(0, 1) }))), [
        'build/1 has no event that says that it began',
        'build/1 is success, and has 0 ends: ',
      ]);
    });
  });

  describe('of notices', () => {
    it('believe the mail server', () => {
      assert.deepEqual(textsOf(judgeNotices(evidence({ receipts: [] }))), [
        `delivery/1 broke to ${everyone}: 1 were sent by the outbox's word, and 0 arrived`,
      ]);
    });

    it('want a breakage told', () => {
      const opened = [...events, event(4, 'breakage.opened', 'breakage/1')];
      assert.deepEqual(textsOf(judgeNotices(evidence({ events: opened }))), [
        'breakage/1 opened, and there is no notice of it',
      ]);
    });

    it('take a repeat only where something came between', () => {
      const receipts = [receipt, { ...receipt, at: 500 }];
      assert.deepEqual(textsOf(judgeRepeats(evidence({ receipts })).losses), [
        `<1> to ${everyone} came again after 490 ms, and nothing had come between: [weir] broke`,
      ]);
      assert.deepEqual(judgeRepeats(evidence({ receipts, interruptions: [100] })), {
        losses: [],
        repeats: 1,
      });
    });
  });
});
