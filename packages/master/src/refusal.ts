import type { FarmFileError } from '@weir/protocol';
import { CommandError } from './command.ts';
import { DiskFullError } from './store/disk-full.ts';
import { StoreAwayError } from './store/store-errors.ts';
import { troubleOf } from './store/trouble.ts';

/** Why a command was not done, for whoever asked. */
export interface Refusal {
  readonly status: CommandError['status'];
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FarmFileError[] | undefined;
}

/** Null for what is a failure of the farm, and nobody else's business. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof CommandError) {
    const { status, code, message: detail, errors } = error;
    return { status, code, detail, errors };
  }
  if (error instanceof DiskFullError) {
    return { status: 503, code: error.code, detail: `${error.message}: nothing was changed` };
  }
  if (error instanceof StoreAwayError || troubleOf(error) === 'away') {
    const detail = "the farm's database server does not answer: what runs goes on; try again later";
    return { status: 503, code: 'store-away', detail };
  }
  return null;
}
