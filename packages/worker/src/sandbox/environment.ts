/** Where a step finds its folders: fixed in a sandbox, the host's without one. */
export interface StepFolders {
  readonly src: string;
  readonly tmp: string;
  readonly home: string;
  readonly runtime: string;
}

/** The whole environment of a step. Nothing of the agent's own is in it. */
export function stepEnvironment(
  { src, tmp, home, runtime }: StepFolders,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: `${runtime}/bin:/usr/local/bin:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    CI: 'true',
    ...own,
    HOME: home,
    TMPDIR: tmp,
    WEIR_RUNTIME: runtime,
    WEIR_SRC: src,
  };
}
