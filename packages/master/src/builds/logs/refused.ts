export type LogRefusal = 'log-cap' | 'log-ranges' | 'log-finished' | 'log-queue-full';

/** What a sender asked of a log that no correct sender asks; nothing was changed. */
export class LogRefusedError extends Error {
  override readonly name = 'LogRefusedError';
  readonly code: LogRefusal;

  constructor(code: LogRefusal, message: string) {
    super(message);
    this.code = code;
  }
}
