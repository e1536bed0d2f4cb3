import { ErrorList } from './error-list.ts';
import type { FarmFile } from './farm-of.ts';
import { includedFileType } from './options.ts';
import { parseYaml } from './parse-yaml.ts';
import type { IncludedFile } from './read-included.ts';
import { Place } from './value-type.ts';

/** Where errors go: each to the list of the file that it is in. */
interface Lists {
  readonly ofFile: ReadonlyMap<string, ErrorList>;
  /** Of included projects; those of the farm file itself are in its own list. */
  readonly ofProject: ReadonlyMap<string, ErrorList>;
}

/** A farm file with the projects of the files that it includes. A name stands in one file only. */
export function mergeIncluded(
  file: FarmFile,
  path: string,
  included: readonly IncludedFile[],
): { file: FarmFile; lists: Lists } {
  const projects = new Map(file.values.projects);
  const placeOf = new Map([...projects.keys()].map((name) => [name, path]));
  const ofFile = new Map<string, ErrorList>();
  const ofProject = new Map<string, ErrorList>();
  for (const { path: its, text, problem } of included) {
    if (problem !== null) continue;
    const errors = new ErrorList(its, text);
    ofFile.set(its, errors);
    const root = parseYaml(text, errors);
    if (root === null) continue;
    const { values } = includedFileType.read(root, new Place(errors, '', { start: 0, end: 0 }));
    for (const [name, project] of values.projects) {
      const other = placeOf.get(name);
      if (other !== undefined) {
        const twice = `the project ${name} stands in ${other} as well`;
        errors.add({ at: project.at, path: `projects.${name}`, problem: twice });
        continue;
      }
      projects.set(name, project);
      placeOf.set(name, its);
      ofProject.set(name, errors);
    }
  }
  const merged = { ...file, values: { ...file.values, projects } };
  return { file: merged, lists: { ofFile, ofProject } };
}
