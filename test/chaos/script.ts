import { randomOf } from './random.ts';
import type { Random } from './random.ts';

/** What a step of the farm under test does, by the word that the farm file gives it. */
export const stepKinds = [
  'runtime',
  'words',
  'lines',
  'bytes',
  'flood',
  'slow',
  'hang',
  'signal',
  'tree',
  'flaky',
] as const;
export type StepKind = (typeof stepKinds)[number];

/** What decides about a run: the same script follows from it in the step and for the judges. */
export interface Run {
  readonly kind: StepKind;
  /** Of this run alone; the first line that it prints. */
  readonly nonce: string;
  /** What the checked-out commit says of itself. */
  readonly isBroken: boolean;
}

/** One thing that a run does. */
export type Act =
  | { readonly t: 'print'; readonly bytes: Buffer; readonly to: 1 | 2 }
  | { readonly t: 'pause'; readonly ms: number }
  /** Leaves a process behind, in a session of its own. */
  | { readonly t: 'stray' }
  | { readonly t: 'exit'; readonly code: number }
  /** Does nothing more, until it is ended. */
  | { readonly t: 'hang' }
  | { readonly t: 'kill-itself' };

/** More than the log cap of the farm file under test. */
const floodBytes = 2_500_000;

/** What a run does, one act after another; the last is its end. */
export function* scriptOf(run: Run): Generator<Act, void> {
  const random = randomOf(`${run.kind} ${run.nonce}`);
  yield print(`chaos ${run.nonce}\n`);
  yield* body(run.kind, random);
  yield end(run, random);
}

/** All that a run prints if nothing ends it before its time. */
export function outputOf(run: Run): Buffer {
  const acts = [...scriptOf(run)];
  return Buffer.concat(acts.flatMap((act) => (act.t === 'print' ? [act.bytes] : [])));
}

function* body(kind: StepKind, random: Random): Generator<Act, void> {
  switch (kind) {
    case 'runtime':
    case 'words':
    case 'flaky':
      return yield* words(random, random.whole(1, 8));
    case 'signal':
    case 'hang':
      return yield* words(random, 2);
    case 'tree':
      yield { t: 'stray' };
      return yield* words(random, 4);
    case 'lines':
      return yield* bursts(random, random.whole(3, 25), () => lines(random, random.whole(10, 400)));
    case 'bytes':
      // Line ends are where chance puts them, mostly in the middle of a piece.
      return yield* bursts(random, random.whole(3, 30), () =>
        random.bytes(random.whole(1, 30_000)),
      );
    case 'flood':
      return yield* bursts(random, 50, () => lines(random, Math.ceil(floodBytes / 50 / 80)));
    case 'slow':
      return yield* dribble(random);
  }
}

function* words(random: Random, count: number): Generator<Act, void> {
  for (let word = 0; word < count; word += 1) {
    yield { t: 'pause', ms: random.whole(1, 400) };
    yield { ...print(`word ${random.whole(0, 9_999)}\n`), to: random.chance(0.5) ? 1 : 2 };
  }
}

function* bursts(random: Random, count: number, piece: () => Buffer): Generator<Act, void> {
  for (let burst = 0; burst < count; burst += 1) {
    yield { t: 'print', bytes: piece(), to: random.chance(0.8) ? 1 : 2 };
    yield { t: 'pause', ms: random.chance(0.2) ? random.whole(300, 1_500) : random.whole(1, 60) };
  }
}

/** A line in two parts at a time, for as long as a fault may last. */
function* dribble(random: Random): Generator<Act, void> {
  for (let left = random.whole(8_000, 45_000); left > 0;) {
    const ms = random.whole(100, 900);
    yield { t: 'pause', ms };
    yield print(`tick ${left}`);
    yield { t: 'pause', ms: 80 };
    yield print(` ms, ${'é'.repeat(random.whole(0, 40))}\n`);
    left -= ms + 80;
  }
}

function lines(random: Random, count: number): Buffer {
  const text = Array.from({ length: count }, (_, line) => {
    return `${line} ${'the weir measures what flows '.repeat(random.whole(0, 5))}${random.next()}\n`;
  });
  return Buffer.from(text.join(''));
}

function end({ kind, isBroken }: Run, random: Random): Act {
  if (kind === 'hang') return { t: 'hang' };
  if (kind === 'signal') return { t: 'kill-itself' };
  if (kind === 'flaky' && random.chance(0.25)) return { t: 'exit', code: 3 };
  return { t: 'exit', code: isBroken ? 1 : 0 };
}

function print(text: string): Extract<Act, { t: 'print' }> {
  return { t: 'print', bytes: Buffer.from(text), to: 1 };
}
