import { testChangeKinds, testOutcomes } from '@weir/protocol';
import { z } from 'zod';
import { pageQuery } from './asked.ts';

/** Which tests of a build are asked for. */
export const testsQuery = pageQuery.extend({
  step: z.coerce
    .number()
    .int()
    .min(0)
    .max(99)
    .optional()
    .describe('by its index; the first with tests'),
  outcome: z.enum(testOutcomes).optional(),
  change: z
    .enum(['any', ...testChangeKinds])
    .optional()
    .describe('against the last green build; sorted by kind of change'),
  q: z.string().max(300).optional().describe('a part of the name'),
});
export type TestsAsk = z.output<typeof testsQuery>;
