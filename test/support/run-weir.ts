import { execFile } from 'node:child_process';
import process from 'node:process';
import type { FarmProcess } from './farm-process.ts';
import { token } from './farm-process.ts';
import { weir } from './weir-program.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `weir`; for a farm with its address and admin token. */
export function runWeir(
  args: readonly string[],
  farm?: FarmProcess,
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const known = farm === undefined ? {} : { WEIR_URL: farm.url, WEIR_ADMIN_TOKEN: token };
  return new Promise((resolve) => {
    const env = { ...process.env, ...known, ...more };
    execFile(process.execPath, [weir, ...args], { env }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code ?? 1);
      resolve({ status, stdout, stderr });
    });
  });
}
