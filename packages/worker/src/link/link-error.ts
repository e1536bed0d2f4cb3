import { closeCodes } from '@weir/protocol';

/** Why a link ended, and whether it is of use to try again. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: number;
  /** `give-up`: no later try will fare better until a person has done something. */
  readonly next: 'retry' | 'wait' | 'give-up';

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.next = nextOf(code);
  }
}

/** The farm's key is not the one that this worker pinned: nothing was said to it. */
export class WrongFarmError extends Error {
  override readonly name = 'WrongFarmError';
  readonly code = 'wrong-farm';
}

function nextOf(code: number): LinkError['next'] {
  switch (code) {
    case closeCodes.pending:
    case closeCodes.duplicate:
      return 'wait';
    case closeCodes.denied:
    case closeCodes.revoked:
    case closeCodes.wrongVersion:
    case closeCodes.unproven:
      return 'give-up';
    default:
      return 'retry';
  }
}
