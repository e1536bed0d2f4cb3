import type { Command, CommandAnswer, EngineVitals, FarmFacts } from '../../command.ts';
import type { EventRow } from '../../store/events.ts';
import { problem } from '../server/problems.ts';

/** What the engine tells. */
export interface EngineListener {
  /** Something was committed. */
  woken(): void;
  /** These logs grew. */
  grew(logs: Iterable<number>): void;
}

/** The engine, as the web role has it: in the same process, or as those that share the store. */
export interface EngineLink {
  readonly farm: () => FarmFacts;
  /** Does it; resolves after the commit. @throws ProblemError */
  sendCommand(actor: string, command: Command): Promise<CommandAnswer>;
  /**
   * Whether the engine is there, and what it counts; null: another process counts.
   *
   * @throws ProblemError when there is none
   */
  vitals(): Promise<EngineVitals | null>;
  listen(listener: EngineListener): void;
  /** What the event log brought. */
  heard(events: readonly EventRow[]): void;
}

/** After so long without an answer the engine counts as away. */
const answerMs = 5_000;

/** What is asked, or after 5 s a refusal. @throws ProblemError */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      problem(
        'engine-away',
        `the engine did not answer within ${answerMs / 1_000} s; what was asked may still be done`,
        { headers: { 'retry-after': '5' } },
      ),
    );
  }, answerMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
