/** A builder that shows a breakage, as its title needs it. */
export interface Shown {
  /** `UPSTREAM/TRUNK` */
  readonly trunk: string;
  readonly project: string | null;
  readonly platform: string;
  /** The step that failed; null when the build failed outside its steps. */
  readonly step: string | null;
}

const maxNamed = 3;

/**
 * What broke, in one line: `roman (test), mosaic (install)`. Projects first, by name; a runtime is
 * named by its trunk. The platform is named where a breakage shows on one alone of several.
 *
 * @param platforms how many platforms each project or trunk is built on
 */
export function breakageTitle(
  shown: readonly Shown[],
  platforms: ReadonlyMap<string, number>,
): string {
  const bySubject = Map.groupBy(shown, ({ trunk, project }) => project ?? trunk);
  const parts = [...bySubject]
    .toSorted(([a, [first]], [b, [second]]) => {
      const byKind = Number(first?.project === null) - Number(second?.project === null);
      return byKind || (a < b ? -1 : 1);
    })
    .map(([subject, rows]) => part(subject, rows, platforms.get(subject) ?? 1));
  const others = parts.length - maxNamed;
  // One that is left over is named: "and 1 more" would be no shorter.
  if (others <= 1) return parts.join(', ');
  return `${parts.slice(0, maxNamed).join(', ')} and ${others} more`;
}

function part(subject: string, rows: readonly Shown[], platforms: number): string {
  const steps = [...new Set(rows.map(({ step }) => step ?? 'build'))].toSorted();
  const itsPlatforms = [...new Set(rows.map(({ platform }) => platform))].toSorted();
  const where = itsPlatforms.length < platforms ? ` on ${itsPlatforms.join(', ')}` : '';
  return `${subject} (${steps.join(', ')}${where})`;
}
