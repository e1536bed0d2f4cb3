/** When builds are asked for by the clock, whether anything changed or not. */
export type Recurrence =
  | {
      readonly kind: 'cron';
      /** Five fields: minute, hour, day of the month, month, day of the week. */
      readonly cron: string;
      /** An IANA time zone. */
      readonly timezone: string;
    }
  | { readonly kind: 'every'; readonly everyMs: number };

/** The name of a recurrence within its owner: the same text means the same rule. */
export function recurrenceName(recurrence: Recurrence): string {
  return recurrence.kind === 'cron'
    ? `${recurrence.cron} ${recurrence.timezone}`
    : `every ${recurrence.everyMs} ms`;
}
