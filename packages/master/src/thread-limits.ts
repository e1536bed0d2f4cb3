/**
 * For a thread of the master. V8 lets the part of the heap where things begin grow to 48 MB a thread:
 * what a farm does is over long before it is full, or lasts for days.
 */
export const threadLimits = { maxYoungGenerationSizeMb: 12 } as const;
