import type { ApiBuilder } from '@weir/protocol';

type Marked = Pick<ApiBuilder, 'workersOnline' | 'paused' | 'stale' | 'quiet'>;

/** Why a builder's last result may not be today's truth, in words. */
export function builderMarks({ workersOnline, paused, stale, quiet }: Marked): string[] {
  return [
    workersOnline === 0 ? 'offline' : '',
    paused === null ? '' : 'paused',
    stale ? 'stale' : '',
    quiet ? 'quiet' : '',
  ].filter((mark) => mark !== '');
}
