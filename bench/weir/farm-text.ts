import { GitRepository } from '../../test/support/git-repository.ts';

/** The repository of the one language. */
export const languageUrl = 'https://git.example/lang';

/** Makes that repository. */
export async function makeLanguage(path: string): Promise<void> {
  const repository = await GitRepository.create(path);
  await repository.commit({ message: 'A language', files: { 'lang.sh': 'true\n' } });
}

export function builderOf(project: string): string {
  return `lang/main/${project}/here`;
}

/** A farm file: the script of each builder's one step, by the builder's project. */
export function farmText(steps: Readonly<Record<string, string>>): string {
  const projects = Object.entries(steps).map(
    ([name, script]) => `  ${name}:
    trunks: [lang/main]
    steps:
      - step: ${JSON.stringify(script)}
`,
  );
  return `farm: Bench
artifacts: same-worker
platforms:
  here: [linux]
upstreams:
  lang:
    repository: ${languageUrl}
    trunks:
      main: { poll: 1h, stable-for: 0s, max-wait: 1s }
    steps:
      - build: cp lang.sh "$WEIR_RUNTIME/lang.sh"
projects:
${projects.join('')}`;
}
