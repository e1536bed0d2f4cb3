import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { percentile, Report, round, until, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';

/** M4, live: from a line's own time stamp to the moment that the farm has pushed it to a viewer. */
export async function m4Tail(
  name: string,
  { lines, everyMs }: { lines: number; everyMs: number },
): Promise<void> {
  const script = `i=0
while [ $i -lt ${lines} ]; do i=$((i+1)); echo T$(date +%s%N); sleep ${everyMs / 1_000}; done`;
  await using farm = await BenchFarm.create({ steps: { p0: script, p1: 'true' } });
  const report = new Report('weir', name, { every_ms: everyMs, via: 'server-sent events' });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.joinWorkers(['w0'], 1);
  await farm.warmUp(['p1'], ['w0']);
  await waitQuiet(farm.pid);
  const known = farm.store.newestLog().id;
  await farm.force('p0');
  const id = await until('the log', () => {
    const newest = farm.store.newestLog().id;
    return newest > known ? newest : undefined;
  });
  const seconds = await follow(`${farm.url}/api/v1/logs/${id}/live`);
  if (seconds.length !== lines) throw new Error(`${seconds.length} of ${lines} lines came`);
  const params = { lines, max: round(Math.max(...seconds), 2) };
  report.emit('m4.log_live_s_p50', percentile(seconds, 50), 's', params);
  report.emit('m4.log_live_s_p95', percentile(seconds, 95), 's', params);
}

/** The age of each line as it comes, until the log's end; seconds. */
async function follow(url: string): Promise<number[]> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage];
  const ages: number[] = [];
  let events = '';
  let text = '';
  for await (const chunk of response) {
    const now = performance.timeOrigin + performance.now();
    events += String(chunk);
    const whole = events.split('\n\n');
    events = whole.pop() ?? '';
    for (const event of whole) {
      if (event.includes('event: end')) return ages;
      text += Buffer.from(/^data: (.*)$/m.exec(event)?.[1] ?? '', 'base64').toString();
    }
    const printed = text.split('\n');
    text = printed.pop() ?? '';
    for (const line of printed) ages.push((now - Number(line.slice(1)) / 1e6) / 1_000);
  }
  return ages;
}
