import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { ApiBuild, ApiBuildSummary, ApiDelivery, ApiEvent, ApiRequest } from '@weir/protocol';
import { get, listAll } from './api.ts';
import type { ChaosFarm } from './farm.ts';
import { processes } from './faults.ts';
import type { Witness } from './witness.ts';

/** What the judges found: each line of `losses` is one thing that must never happen. */
export interface Judgement {
  readonly losses: string[];
  readonly counts: Record<string, number>;
}

/** Events after which a request has its result. */
function endsRequest({ kind, subject, data }: ApiEvent): number | undefined {
  const isBuild =
    kind === 'build.finished' ||
    kind === 'build.cancelled' ||
    (kind === 'build.lost' && data['retried'] === false);
  if (isBuild) return Number(data['request']);
  const isRequest = ['request.cancelled', 'request.superseded', 'request.skipped'].includes(kind);
  return isRequest ? Number(subject.slice('request/'.length)) : undefined;
}

/** Every request has exactly one end, and none that was promised is gone. */
export async function judgeRequests(
  { url }: ChaosFarm,
  witness: Witness,
  promised: readonly number[],
): Promise<Judgement> {
  const requests = await listAll<ApiRequest>(url, '/api/v1/requests');
  const losses: string[] = [];
  const known = new Set(requests.map(({ id }) => id));
  for (const id of promised) if (!known.has(id)) losses.push(`request ${id} vanished`);
  const ends = new Map<number, number>();
  for (const event of witness.events) {
    const id = endsRequest(event);
    if (id !== undefined) ends.set(id, (ends.get(id) ?? 0) + 1);
  }
  const counts: Record<string, number> = { requests: requests.length };
  for (const { id, state, result } of requests) {
    if (state !== 'done' && state !== 'cancelled') losses.push(`request ${id} is still ${state}`);
    if (ends.get(id) !== 1) losses.push(`request ${id} ended ${ends.get(id) ?? 0} times`);
    count(counts, `requests: ${result ?? 'no result'}`);
  }
  return { losses, counts };
}

function count(counts: Record<string, number>, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** What builds say of themselves agrees with what their scripts wrote down, to the byte. */
export async function judgeBuilds(farm: ChaosFarm): Promise<Judgement> {
  const summaries = await listAll<ApiBuildSummary>(farm.url, '/api/v1/builds');
  const losses: string[] = [];
  const counts: Record<string, number> = { builds: summaries.length, 'log bytes compared': 0 };
  for (const summary of summaries) {
    count(counts, `builds: ${summary.result ?? summary.state}`);
    if (summary.result === 'exception') count(counts, `exception: ${summary.text}`);
    if (summary.state !== 'finished') losses.push(`build ${summary.id} is still ${summary.state}`);
    // A runtime's step keeps no ledger.
    if (summary.builder === 'lang/main/here') continue;
    const build = await get<ApiBuild>(new URL(`/api/v1/builds/${summary.id}`, farm.url));
    const { bytes, wrong } = await compare(farm, build);
    count(counts, 'log bytes compared', bytes);
    losses.push(...wrong.map((text) => `build ${build.id} (${build.result}): ${text}`));
  }
  return { losses, counts };
}

async function compare(
  { url, ledgers }: ChaosFarm,
  build: ApiBuild,
): Promise<{ bytes: number; wrong: string[] }> {
  const [step] = build.steps;
  const isConclusive = build.result === 'success' || build.result === 'failure';
  if (step?.log?.finished !== true) {
    return { bytes: 0, wrong: isConclusive ? ['its log is not finished'] : [] };
  }
  const response = await fetch(new URL(`/api/v1/logs/${step.log.id}`, url));
  const log = Buffer.from(await response.arrayBuffer());
  const run = /^ledger ([0-9a-f-]{36})\n/.exec(log.toString('latin1', 0, 60))?.[1];
  if (run === undefined) {
    // It was ended before its first line, or its step never began.
    return { bytes: log.length, wrong: isConclusive ? ['its log names no ledger'] : [] };
  }
  const wrong: string[] = [];
  const printed = readFileSync(join(ledgers, run, 'out'));
  const ranges = step.log.ranges;
  const kept = Buffer.concat(ranges.map(([from, to]) => printed.subarray(from, to)));
  if (!kept.equals(log)) {
    wrong.push(`its log has ${log.length} bytes, of ${kept.length} in ledger ${run}`);
  }
  const exit = join(ledgers, run, 'exit');
  const status = existsSync(exit) ? Number(readFileSync(exit, 'latin1')) : null;
  if (build.result === 'success' && status !== 0) wrong.push(`ledger ${run} says exit ${status}`);
  if (build.result === 'failure' && step.findings.length === 0 && status !== step.exitCode) {
    wrong.push(`exit ${step.exitCode}, but ledger ${run} says ${status}`);
  }
  return { bytes: log.length, wrong };
}

/** The event log has no gap, and nothing in it ever became something else. */
export async function judgeEvents({ url }: ChaosFarm, witness: Witness): Promise<Judgement> {
  const { event } = await get<{ event: number }>(new URL('/api/v1/farm', url));
  const losses = [...witness.complaints];
  if (event < witness.last) losses.push(`the log ends at ${event}, and ${witness.last} was seen`);
  const counts: Record<string, number> = { events: event };
  for (const kind of ['build.detached', 'build.attached', 'build.late', 'build.lost']) {
    counts[kind] = witness.events.filter((each) => each.kind === kind).length;
  }
  return { losses, counts };
}

/** A kill may repeat what was under way: at most so many deliveries. */
const underWay = 4;

/** Each mail that the farm says it sent was received, and repeats are those of its deaths. */
export async function judgeMails({ url, mails, master }: ChaosFarm): Promise<Judgement> {
  const deliveries = await listAll<ApiDelivery>(url, '/api/v1/deliveries');
  const losses: string[] = [];
  for (const { id, state, error } of deliveries) {
    if (state !== 'sent') losses.push(`delivery ${id} is ${state}: ${error ?? ''}`);
  }
  const received = new Map<string, number>();
  for (const mail of mails.mails) {
    const key = `${mail.header('message-id')} to ${mail.to}`;
    received.set(key, (received.get(key) ?? 0) + 1);
  }
  const missing = deliveries.length - received.size;
  if (missing !== 0) losses.push(`${deliveries.length} mails were sent, ${received.size} came`);
  const repeats = mails.mails.length - received.size;
  if (repeats > underWay * (master.starts - 1)) losses.push(`${repeats} mails came again`);
  return { losses, counts: { mails: received.size, 'mails repeated': repeats } };
}

/** Programs of Weir end when they are told to, never by themselves. */
export function judgeCrashes({ master, workers }: ChaosFarm): Judgement {
  const crashes = [master, ...workers.map(({ service }) => service)].flatMap(
    (service) => service.crashes,
  );
  return { losses: crashes, counts: { 'starts of the master': master.starts } };
}

/** What of a farm still runs after it was ended: processes in its folder, or with it in their command line. */
export function findLeftovers(dir: string): { pid: number; command: string }[] {
  return processes()
    .filter(({ pid, words }) => pid !== process.pid && isOf(dir, pid, words))
    .map(({ pid, words }) => ({ pid, command: words.join(' ').slice(0, 120) }));
}

function isOf(dir: string, pid: number, words: readonly string[]): boolean {
  if (words.some((word) => word.includes(dir))) return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(dir);
  } catch {
    return false;
  }
}
