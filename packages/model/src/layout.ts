export * from './layout/age.ts';
export * from './layout/ansi.ts';
export * from './layout/bytes.ts';
export * from './layout/waterfall.ts';
export * from './layout/console.ts';
export * from './layout/choose-matrix.ts';
export * from './layout/matrix.ts';
export * from './layout/platform-letters.ts';
