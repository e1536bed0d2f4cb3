/**
 * For a thread of the master. V8 lets the part of the heap where things begin grow to 48 MB in each:
 * what a farm does is over long before that is full, or lasts for days. The main thread has the same
 * limit by the flag that `weir` is started with.
 */
export const threadLimits = { maxYoungGenerationSizeMb: 12 } as const;
