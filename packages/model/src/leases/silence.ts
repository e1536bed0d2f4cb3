export interface Leased {
  /** Milliseconds UTC, by the engine's clock. */
  readonly leaseUntil: number;
  readonly state: 'running' | 'detached';
  /** How long an engine has waited for it since its lease ran out, in milliseconds. */
  readonly detachedMs: number;
}

/**
 * What silence makes of a build: nothing while its lease lasts, then it is detached, and lost once
 * an engine has waited for it long enough. Time without an engine does not count: nobody could have
 * been heard.
 */
export function afterSilence(
  build: Leased,
  { now, reattachWithinMs }: { now: number; reattachWithinMs: number },
): 'keep' | 'detach' | 'lose' {
  if (build.leaseUntil >= now) return 'keep';
  if (build.state === 'running') return 'detach';
  return build.detachedMs >= reattachWithinMs ? 'lose' : 'keep';
}
