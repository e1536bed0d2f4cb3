import { existsSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { configPath, defaultDataDir, readConfig } from '../join/config.ts';
import type { Finding } from './checks.ts';
import {
  checkContainers,
  checkDisk,
  checkFarm,
  checkLink,
  checkSandbox,
  checkTools,
} from './checks.ts';

export const doctorUsage = `weir worker doctor [URL] [--data DIR] [--json]

Looks at what a worker needs: toolchains, disk, the sandbox and the limits in force, containers for
services and, with the URL of a farm or once it has joined one, the farm, the difference of the clocks
and the link. Ends with status 1 when something keeps this machine from serving.
`;

const marks: Readonly<Record<Finding['level'], string>> = { good: '✓', note: '–', fault: '✗' };

/** `weir worker doctor`. Resolves with the exit status. */
export async function runDoctor(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: 'string' }, json: { type: 'boolean' } },
  });
  const dataDir = values.data ?? defaultDataDir();
  const config = existsSync(configPath(dataDir)) ? readConfig(dataDir) : undefined;
  const farm = positionals[0] ?? config?.farm;
  const findings = [
    ...checkTools(),
    checkDisk(dataDir, config?.minFreeBytes),
    checkSandbox(config?.sandbox),
    await checkContainers(config?.containers ?? true),
    ...(farm === undefined ? [] : await checkFarm(farm, config?.farmKey)),
    ...(config === undefined ? [] : [await checkLink(dataDir)]),
  ];
  const isFit = findings.every(({ level }) => level !== 'fault');
  process.stdout.write(values.json === true ? inJson(isFit, findings) : inWords(findings));
  return isFit ? 0 : 1;
}

function inJson(isFit: boolean, findings: readonly Finding[]): string {
  return `${JSON.stringify({ isFit, findings })}\n`;
}

function inWords(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  return findings
    .map(({ about, level, text }) => `${marks[level]} ${about.padEnd(width)}  ${text}\n`)
    .join('');
}
