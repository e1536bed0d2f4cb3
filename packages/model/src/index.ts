export * from './farm/builders.ts';
export * from './farm/farm.ts';
