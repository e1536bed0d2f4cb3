export * from './api.ts';
export * from './build-spec.ts';
export * from './journal.ts';
export * from './limits.ts';
export * from './link.ts';
export * from './log-frame.ts';
export * from './owner.ts';
export * from './words.ts';
