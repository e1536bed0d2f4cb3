interface PauseColumns {
  readonly paused_by: string | null;
  readonly paused_at: number | null;
  readonly paused_reason: string | null;
}

/** Who paused it, when and why; null when it is not paused. */
export function pauseOf(row: PauseColumns): { by: string; at: number; reason: string } | null {
  if (row.paused_by === null) return null;
  return { by: row.paused_by, at: row.paused_at ?? 0, reason: row.paused_reason ?? '' };
}

/** The pause by its owner, of a worker, or the hours in which he wants it for himself. */
export function ownerPauseOf(row: {
  readonly owner_paused_at: number | null;
  readonly owner_paused_reason: string | null;
  readonly resting: string | null;
}): { by: string; at: number; reason: string } | null {
  if (row.resting !== null) return { by: 'its owner', at: 0, reason: row.resting };
  if (row.owner_paused_reason === null) return null;
  return { by: 'its owner', at: row.owner_paused_at ?? 0, reason: row.owner_paused_reason };
}
