import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { commitFiles } from './git.ts';
import type { DemoRepositories } from './repositories.ts';
import { scenes, type Edit, type Scene } from './scenes.ts';

export interface PlayOptions {
  /** Before each scene; 30 s by default: time to see the last one arrive. */
  readonly pauseMs?: number;
  readonly onScene?: (scene: Scene) => void;
}

/** Lands one commit after another, and ends with the last one or, without an error, by the signal. */
export async function playDemo(
  repositories: DemoRepositories,
  signal: AbortSignal,
  { pauseMs = 30_000, onScene }: PlayOptions = {},
): Promise<void> {
  for (const scene of scenes) {
    try {
      await setTimeout(pauseMs, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await landScene(repositories, scene);
    onScene?.(scene);
  }
}

/** Commits a scene to its repository's main branch. */
export async function landScene({ folders }: DemoRepositories, scene: Scene): Promise<void> {
  const { repository, edits, author, message, body } = scene;
  const folder = folders[repository];
  for (const edit of edits) await applyEdit(folder, edit);
  const files = [...new Set(edits.map(({ file }) => file))];
  const text = body === undefined ? message : `${message}\n\n${body}`;
  await commitFiles(folder, files, { author, message: text, at: new Date() });
}

async function applyEdit(folder: string, { file, from, to }: Edit): Promise<void> {
  const path = join(folder, file);
  const parts = (await readFile(path, 'utf8')).split(from);
  if (parts.length !== 2) throw new Error(`${path} holds ${parts.length - 1} times: ${from}`);
  await writeFile(path, parts.join(to));
}
