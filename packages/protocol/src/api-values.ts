import { z } from 'zod';

/** A row's id. */
export const id = z.number().int().positive();
/** Milliseconds UTC. */
export const time = z.number().int().nonnegative();
