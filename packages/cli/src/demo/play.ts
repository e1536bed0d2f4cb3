import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitFiles, tagRelease } from './git.ts';
import type { PackageIndex } from './package-index.ts';
import type { DemoRepositories } from './repositories.ts';
import { stories, type Edit, type Scene, type Story } from './scenes.ts';

export interface PlayOptions {
  readonly repositories: DemoRepositories;
  readonly index: PackageIndex;
  /** Resolves when it is time for a scene of that story; false ends the play. */
  readonly isTime: (story: Story) => Promise<boolean>;
  readonly onScene?: (scene: Scene, story: Story) => void | Promise<void>;
}

/** Lands one commit after another. Resolves with whether it came to the end. */
export async function playDemo({
  repositories,
  index,
  isTime,
  onScene,
}: PlayOptions): Promise<boolean> {
  for (const story of stories) {
    for (const scene of story.scenes) {
      if (!(await isTime(story))) return false;
      if (scene.indexIsBusy === true) index.refuseOnce(scene.repository);
      await landScene(repositories, scene);
      await onScene?.(scene, story);
    }
  }
  return true;
}

/** Commits a scene to its repository's main branch. */
export async function landScene({ folders }: DemoRepositories, scene: Scene): Promise<void> {
  const { repository, edits, author, message, body, release } = scene;
  const folder = folders[repository];
  for (const edit of edits) await applyEdit(folder, edit);
  const files = [...new Set(edits.map(({ file }) => file))];
  const text = body === undefined ? message : `${message}\n\n${body}`;
  await commitFiles(folder, files, { author, message: text, at: new Date() });
  if (release !== undefined) await tagRelease(folder, release);
}

async function applyEdit(folder: string, { file, from, to, everywhere }: Edit): Promise<void> {
  const path = join(folder, file);
  const parts = (await readFile(path, 'utf8')).split(from);
  if (parts.length < 2 || (parts.length > 2 && everywhere !== true)) {
    throw new Error(`${path} holds ${parts.length - 1} times: ${from}`);
  }
  await writeFile(path, parts.join(to));
}
