import type { StepSpec } from '@weir/protocol';
import type { BuildServices } from '../services/build-services.ts';
import type { FinishedLog } from '../spool/writer.ts';
import { SpoolWriter } from '../spool/writer.ts';
import { errorText } from './disk-full.ts';
import type { Outcome } from './outcome.ts';

export interface ServiceStepOrder {
  readonly step: StepSpec;
  readonly services: BuildServices;
  readonly logBytes: number;
  readonly spool: string;
  /** Aborted, with the reason, when a person cancels the build. */
  readonly cancelled: AbortSignal;
  readonly onGrew: () => void;
  /** A step before it has failed. */
  readonly hasFailed: boolean;
}

/** Runs a step that starts the build's services, or one that stops them. */
export async function runServiceStep(
  order: ServiceStepOrder,
): Promise<{ log: FinishedLog; outcome: Outcome }> {
  const spool = new SpoolWriter(order.spool, order.logBytes);
  const print = (bytes: Uint8Array): void => {
    spool.append(bytes);
    order.onGrew();
  };
  let said: Pick<Outcome, 'result' | 'text'>;
  try {
    said = await (order.step.services === 'start' ? start(order, print) : stop(order, print));
  } catch (error) {
    // What has passed did so with its services, whatever becomes of them afterwards.
    const hasPassed = order.step.services === 'stop' && !order.hasFailed;
    said = { result: hasPassed ? 'warnings' : 'exception', text: errorText(error) };
  }
  if (said.text !== '' && said.result !== 'cancelled') print(Buffer.from(`${said.text}\n`));
  const outcome = { ...said, findings: [], exitCode: null, signal: null };
  return { log: await spool.finish(), outcome: { ...outcome, text: said.text.slice(0, 500) } };
}

type Said = Pick<Outcome, 'result' | 'text'>;
type Print = (bytes: Uint8Array) => void;

/** A service that does not come up says nothing about the code. */
async function start({ step, services, cancelled }: ServiceStepOrder, print: Print): Promise<Said> {
  const late = AbortSignal.timeout(step.timeoutMs);
  try {
    await services.start(print, AbortSignal.any([cancelled, late]));
    return { result: 'success', text: '' };
  } catch (error) {
    if (cancelled.aborted) {
      return { result: 'cancelled', text: `cancelled: ${String(cancelled.reason)}` };
    }
    if (!late.aborted) throw error;
    const text = `the services are not there within ${Math.round(step.timeoutMs / 60_000)} min`;
    return { result: 'exception', text };
  }
}

/** Where something failed and a service had died, nobody can tell whether the code is at fault. */
async function stop({ services, hasFailed }: ServiceStepOrder, print: Print): Promise<Said> {
  const died = await services.end();
  await services.tell(print);
  await services.remove();
  if (died === null) return { result: 'success', text: '' };
  return { result: hasFailed ? 'exception' : 'success', text: died };
}
