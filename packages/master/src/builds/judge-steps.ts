import { haveLostTests, judgeCounts, overText, stepResult } from '@weir/model';
import type { Outcome, ReportRules } from '@weir/model';
import { findings as findingWords } from '@weir/protocol';
import type { Finding, JournalEntry } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Database } from '../store/schema.ts';
import { measureOf, stepName } from '../store/tests.ts';
import type { LiveBuild } from './live-build.ts';

/** What a step came to. */
export interface StepOutcome extends Outcome {
  /** What the build says of a step in which the farm found what its worker could not. */
  readonly judged: string | null;
}

type StepEnd = Extract<JournalEntry, { t: 'step-finished' }>;
/** An entry with what the farm found beside what its worker did. */
export type JudgedEntry = JournalEntry | (StepEnd & { readonly judged: string });

interface Rules extends ReportRules {
  /** Now. */
  readonly at: number;
}

const maxText = 500;

/**
 * Holds the reports of steps that ended against those of the builder's last green build, which no
 * worker knows. Runs in a unit. A build that was given up is evidence, and is not judged.
 */
export async function judgeSteps(
  db: Kysely<Database>,
  build: LiveBuild,
  entries: readonly JournalEntry[],
  rules: Rules,
): Promise<JudgedEntry[]> {
  const judged: JudgedEntry[] = [];
  for (const entry of entries) {
    const isJudged = entry.t === 'step-finished' && !build.isLate;
    judged.push(isJudged ? await judgeStep(db, build, entry, rules) : entry);
  }
  return judged;
}

async function judgeStep(
  db: Kysely<Database>,
  build: LiveBuild,
  entry: StepEnd,
  rules: Rules,
): Promise<JudgedEntry> {
  const { report } = entry;
  if (report === undefined) return entry;
  const measure = await measureOf(db, build, entry.step);
  const found =
    measure === undefined
      ? []
      : judgeCounts({ ...measure.report, build: `#${measure.number}` }, report, rules);
  const failed = report.named.filter(({ outcome }) => outcome === 'failed');
  const over = overText(
    rules.known,
    failed.map(({ name }) => name),
    rules.at,
  );
  if (found.length === 0 && over === '') return entry;
  const all = new Set([...entry.findings, ...found.map(({ finding }) => finding)]);
  const findings = findingWords.filter((finding) => all.has(finding));
  const missed = found.map((each) => each.text);
  // What is wrong with it by itself comes first; that all went well comes after what is missed.
  const parts = entry.findings.length > 0 ? [entry.text, ...missed] : [...missed, entry.text];
  const text = [...parts, over]
    .filter((part) => part !== '')
    .join('; ')
    .slice(0, maxText)
    .toWellFormed();
  const step = measure?.step ?? (await stepName(db, build, entry.step));
  return { ...entry, findings, text, judged: judgedText(step, text) };
}

function judgedText(step: string, text: string): string {
  return `${step}: ${text}`.slice(0, maxText);
}

/** A finding is never a pass, whatever the worker makes of it. */
export function outcomesOf(entries: readonly JudgedEntry[]): StepOutcome[] {
  return entries.flatMap((entry) => {
    if (entry.t !== 'step-finished') return [];
    const { result, findings } = entry;
    const judged = 'judged' in entry ? entry.judged : null;
    return [{ result: stepResult(result, findings), findings, judged }];
  });
}

/** What was written of a step that ended, for an engine that has no copy. */
export function writtenOutcome(
  result: StepOutcome['result'],
  step: { readonly name: string; readonly findings: readonly Finding[]; readonly text: string },
): StepOutcome {
  const { name, findings, text } = step;
  return { result, findings, judged: haveLostTests(findings) ? judgedText(name, text) : null };
}
