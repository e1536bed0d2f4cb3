import { mkdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { saysDiskFull } from '../../store/disk-full.ts';
import { dropLog } from './drop-log.ts';
import { LogKeeper } from './log-keeper.ts';
import { LogPacker } from './log-packer.ts';
import { LogRefusedError } from './refused.ts';
import type { LogAnswer, LogReply, LogRequest } from './thread-messages.ts';

if (parentPort === null) throw new Error('the log writer runs as a thread');
const port = parentPort;
const { dir } = workerData as { dir: string };

const keeper = new LogKeeper(dir, (log) => packer.add(log));
const packer = new LogPacker(dir, {
  transactions: keeper.transactions,
  warn: (message) => post({ t: 'warning', message }),
});
mkdirSync(dir, { recursive: true });
packer.resume();
post({ t: 'ready' });

let answers: LogAnswer[] = [];

port.on('message', (request: LogRequest) => {
  if (request.t === 'close') {
    void close();
    return;
  }
  const { call } = request;
  perform(request).then(
    (value) => answer({ call, value }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      answer({ call, failure: failureOf(error), message });
    },
  );
});

function perform(request: Exclude<LogRequest, { t: 'close' }>): Promise<unknown> {
  const { log, capBytes } = request;
  switch (request.t) {
    case 'append':
      return keeper.append(log, request.offset, request.bytes, {
        afterCut: request.afterCut,
        capBytes,
      });
    case 'position':
      return keeper.position(log, capBytes);
    case 'finish':
      return keeper.finish(log, request.end, capBytes);
    case 'drop':
      return dropLog(dir, keeper, log);
  }
}

function failureOf(error: unknown): Extract<LogAnswer, { message: string }>['failure'] {
  if (error instanceof LogRefusedError) return error.code;
  return saysDiskFull(error) ? 'disk-full' : undefined;
}

/** Gathers what is known in this turn: a commit answers many calls at once. */
function answer(one: LogAnswer): void {
  answers.push(one);
  if (answers.length > 1) return;
  queueMicrotask(() => {
    post({ t: 'answers', answers });
    answers = [];
  });
}

function post(reply: LogReply): void {
  port.postMessage(reply);
}

async function close(): Promise<void> {
  await packer.close();
  keeper.close();
  // The last answers are posted first.
  await nextTurn();
  port.close();
}
