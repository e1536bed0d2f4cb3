/** What the two ends of the bare loop say: 8 small JSON frames a build, and one of log bytes. */
export type ToWorker =
  | { readonly t: 'offer'; readonly build: number; readonly step: string }
  | { readonly t: 'start' | 'ack' | 'confirmed'; readonly build: number };

export type ToMaster =
  | { readonly t: 'ready'; readonly slots: number }
  | { readonly t: 'accept' | 'started'; readonly build: number }
  | { readonly t: 'finished'; readonly build: number; readonly exitCode: number };

export const logBytes = 1_000;
