import { reportFormats } from '@weir/protocol';
import type { Known } from './check-names.ts';
import { checkNames } from './check-names.ts';
import type { ProjectEntry, UpstreamEntry } from './farm-of.ts';
import { quoted } from './value-type.ts';

interface Built extends Known {
  /** The platforms that their upstream or project is built on. */
  readonly built: ReadonlySet<string>;
}

/** Each step has a name of its own and runs somewhere, and every platform has a step. */
export function checkSteps(
  section: UpstreamEntry | ProjectEntry,
  path: string,
  { platforms: known, built, errors }: Built,
): void {
  const seen = new Set<string>();
  // Where nothing is built, or no step could be read, that was reported.
  const bare = new Set(section.values.steps.length === 0 ? [] : built);
  for (const [index, { value, at }] of section.values.steps.entries()) {
    const { name, platforms, report } = value.values;
    if (name !== '' && seen.has(name)) {
      errors.add({ at, path: `${path}.steps`, problem: `a second step ${quoted(name)}` });
    }
    seen.add(name);
    if (report === null && value.values['report-files'].length > 0) {
      errors.add({
        at: value.at('report-files'),
        path: `${path}.steps[${index}].report-files`,
        problem: 'nothing says how these files are read',
        expected: `a key report beside it: one of ${reportFormats.join(', ')}`,
      });
    }
    if (platforms === null || platforms.length === 0) {
      bare.clear();
      continue;
    }
    const its = `${path}.steps[${index}].platforms`;
    checkNames(platforms, known, 'platform', its, errors);
    for (const { value: platform, at: place } of platforms) {
      bare.delete(platform);
      if (built.size === 0 || built.has(platform) || !known.has(platform)) continue;
      const problem = `nothing of this is built on the platform ${platform}`;
      errors.add({ at: place, path: its, problem });
    }
  }
  for (const platform of bare) {
    const problem = `no step is left for the platform ${platform}`;
    errors.add({ at: section.at('steps'), path: `${path}.steps`, problem });
  }
}
