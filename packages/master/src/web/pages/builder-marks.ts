import type { ApiBuilder } from '@weir/protocol';

/** Why a builder's last result may not be today's truth, in words. */
export function builderMarks({ workersOnline, paused, stale, quiet }: ApiBuilder): string[] {
  return [
    workersOnline === 0 ? 'offline' : '',
    paused === null ? '' : 'paused',
    stale ? 'stale' : '',
    quiet ? 'quiet' : '',
  ].filter((mark) => mark !== '');
}
