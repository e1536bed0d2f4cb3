import { performance } from 'node:perf_hooks';
import { BenchFarm } from './weir/bench-farm.ts';
const n = Number(process.env.N ?? 2000);
const projects = Array.from({ length: 10 }, (_, i) => `p${i}`);
await using farm = await BenchFarm.create({ steps: Object.fromEntries(projects.map((p) => [p, 'true'])) });
await farm.startMaster();
await farm.cancelFirstRequests();
for (let r = 0; r < Number(process.env.ROUNDS ?? 5); r++) {
  const all: number[] = [];
  const s = performance.now();
  for (let i = 0; i < n; i++) { const a = performance.now(); await farm.force(projects[i % 10]!); all.push(performance.now() - a); }
  const t = performance.now() - s;
  all.sort((a, b) => a - b);
  console.log('per s', (n / t * 1000).toFixed(0), 'p10', all[n / 10 | 0]!.toFixed(2), 'p50', all[n / 2 | 0]!.toFixed(2), 'p95', all[n * .95 | 0]!.toFixed(2), 'max', all[n-1]!.toFixed(1));
}
