/** How long ago something was, in words. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 5) return 'just now';
  return `${spanText(seconds)} ago`;
}

/** How far ahead something is, in words. */
export function aheadText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds <= 0 ? 'now' : `in ${spanText(seconds)}`;
}

/** How one clock is beside another: `2 h ahead of`, `365 days behind`; null when they agree well enough. */
export function clockSkewText(skewMs: number, toleratedMs: number): string | null {
  if (Math.abs(skewMs) <= toleratedMs) return null;
  const span = spanText(Math.round(Math.abs(skewMs) / 1_000));
  return `${span} ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}

function spanText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** How long something that runs will still take, in words; `ms` is negative when it is late. */
export function etaText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  return ms >= 0 ? `about ${spanText(seconds)} left` : `${spanText(seconds)} over the usual`;
}

/** How long something took, in words. */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}
