import { z } from 'zod';

export const maxExpectedFailures = 50;

/** Tests that a project knows to fail, and where that is being dealt with. */
export const expectedFailureSchema = z.object({
  /** A test's name; `*` is any run of characters. */
  test: z.string().min(1).max(300),
  issue: z
    .string()
    .regex(/^https?:\/\//)
    .max(500),
});
export type ExpectedFailure = z.infer<typeof expectedFailureSchema>;

const count = z.number().int().nonnegative();

/** One of them, and how its tests ended. When none failed, it is over. */
export const seenExpectationSchema = expectedFailureSchema.extend({ failed: count, passed: count });
export type SeenExpectation = z.infer<typeof seenExpectationSchema>;

/**
 * A test for names against a pattern: `*` is any run of characters, everything else is itself. In
 * time that grows with the name's length times the number of stars, whatever the pattern.
 */
export function testPattern(pattern: string): (name: string) => boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return (name) => name === head;
  return (name) => {
    const end = name.length - tail.length;
    if (end < head.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    // The first place for each part leaves the most room for those behind it.
    let at = head.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}
