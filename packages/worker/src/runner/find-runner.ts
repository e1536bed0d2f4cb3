import type { RunnerClient } from './client.ts';
import { connectRunner } from './client.ts';
import type { RunnerEvent } from './messages.ts';
import { startRunner } from './start-runner.ts';

/** A slot's runner, as its agent has it. */
export type Runner = Pick<
  RunnerClient,
  'closed' | 'run' | 'cancel' | 'abort' | 'forget' | 'exit' | 'close'
>;

/**
 * The runner of a slot: the one that is there, or else a new one. Its first event is its state.
 *
 * @throws Error when none can be started
 */
export type FindRunner = (
  slotDir: string,
  onEvent: (event: RunnerEvent) => void,
) => Promise<Runner>;

export const findRunner: FindRunner = async (slotDir, onEvent) =>
  (await connectRunner(slotDir, onEvent).catch(() => null)) ?? startRunner(slotDir, onEvent);
