import type { TestOutcome } from '@weir/protocol';
import { Parser } from 'tap-parser';
import type { FinalPlan, Plan, Result } from 'tap-parser';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

/**
 * Reads TAP 13 and 14 (<https://testanything.org/tap-version-14-specification.html>), with subtests as
 * node-tap and node:test write them: what stands in a subtest is counted, the line that sums it up is
 * not. A plan that is missing or not kept is a mismatch.
 *
 * @throws ReportError when there is no TAP in it
 */
export function readTap(pieces: Iterable<string>, tally: Tally): void {
  const parser = new Parser();
  const top = new Level(parser, tally);
  for (const piece of pieces) parser.write(piece);
  parser.end();
  if (top.plan === null && top.count === 0) {
    throw new ReportError('missing', 'there is no TAP in it');
  }
}

/** A document or a subtest: its test points, and whether they keep its plan. */
class Level {
  count = 0;
  plan: { readonly start: number; readonly end: number } | null = null;
  readonly #tally: Tally;
  #failed = 0;
  /** The subtest whose summary comes next. */
  #subtest: Level | null = null;

  constructor(parser: Parser, tally: Tally) {
    this.#tally = tally;
    parser.on('child', (child: Parser) => (this.#subtest = new Level(child, tally)));
    parser.on('plan', (plan: Plan | FinalPlan) => (this.plan = planOf(plan)));
    parser.on('assert', (result: Result) => this.#take(result));
    parser.on('bailout', (reason: string) => tally.differs(`it bailed out: ${reason}`));
    parser.on('complete', () => this.#compare());
  }

  #take(result: Result): void {
    this.count += 1;
    const outcome = outcomeOf(result);
    if (outcome === 'failed') this.#failed += 1;
    const subtest = this.#subtest;
    this.#subtest = null;
    const isSummary = result.closingTestPoint && subtest !== null && subtest.count > 0;
    // A subtest can fail though none of its tests did: by its plan, or by what came after them.
    if (isSummary && (outcome !== 'failed' || subtest.#failed > 0)) return;
    this.#tally.add({
      name: result.fullname,
      outcome,
      durationMs: result.time ?? undefined,
      message: messageOf(result),
    });
  }

  #compare(): void {
    if (this.plan === null) {
      if (this.count > 0) this.#tally.differs('it has no plan: it may have been cut off');
      return;
    }
    const planned = Math.max(0, this.plan.end - this.plan.start + 1);
    if (planned !== this.count) {
      this.#tally.differs(`${planned} tests were planned, ${this.count} came`);
    }
  }
}

/** tap-parser makes up a plan for what is no TAP, and says so in its comment. */
function planOf({ start, end, comment }: Plan | FinalPlan): Level['plan'] {
  if (start === null || end === null || comment === 'no tests found') return null;
  return { start, end };
}

function outcomeOf({ ok, skip, todo }: Result): TestOutcome {
  if (skip !== false && skip !== undefined) return 'skipped';
  if (todo !== false && todo !== undefined) return ok ? 'unexpected-pass' : 'expected-failure';
  return ok ? 'passed' : 'failed';
}

/** What its YAML block says first: node-tap has `message`, node:test has `error`. */
function messageOf({ diag }: Result): string | undefined {
  if (typeof diag !== 'object' || diag === null) return undefined;
  const { message, error } = diag as { message?: unknown; error?: unknown };
  const text = message ?? error;
  return typeof text === 'string' ? text : undefined;
}
