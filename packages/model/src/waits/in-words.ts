const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** A duration in its largest unit that fits, rounded up so that nothing is promised too early: `90 s` is `2 min`. */
export function durationInWords(ms: number): string {
  const unit = units.find((candidate) => ms >= candidate.ms) ?? units[3];
  return `${Math.max(0, Math.ceil(ms / unit.ms))} ${unit.name}`;
}

/** `1 worker`, `2 workers`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
