import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fuzzReports, progress } from './reports.ts';

const usage = `npm run fuzz -- [OPTIONS]

Breaks good test reports of every format in ways that follow from the seed, and reads them as a worker
does: in a process with limits. Each must be answered in time, by counts that can be, within a bound of
memory. Ends with status 1 if one was not.

  --minutes M    (default 1)
  --seed N       (default: one that is told)
  --case N       that one case alone
`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      case: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const only = values.case === undefined ? undefined : Number(values.case);
  if (values.help || !(minutes > 0) || (only !== undefined && !Number.isSafeInteger(only))) {
    process.stderr.write(usage);
    return 2;
  }
  const dir = mkdtempSync(join(tmpdir(), 'weir-fuzz-'));
  process.stderr.write(`seed ${values.seed}, in ${dir}\n`);
  const findings = await fuzzReports({
    seed: values.seed,
    dir,
    ms: minutes * 60_000,
    ...(only !== undefined && { first: only, cases: 1 }),
    tell: (line) => process.stderr.write(`${line}\n`),
  });
  rmSync(dir, { recursive: true });
  process.stdout.write(`${progress(findings)}\nslowest: ${findings.slowest}\n`);
  return findings.violations.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
