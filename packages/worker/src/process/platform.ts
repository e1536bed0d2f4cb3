import type { ProcessPlatform } from './contract.ts';
import { darwinPlatform } from './darwin.ts';
import { linuxPlatform } from './linux.ts';
import { windowsPlatform } from './windows.ts';

/** Looks at this machine once; keep the answer. */
export function detectPlatform(): ProcessPlatform {
  if (process.platform === 'win32') return windowsPlatform();
  if (process.platform === 'darwin') return darwinPlatform();
  return linuxPlatform();
}
