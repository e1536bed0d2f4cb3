import { NoEngineError, engineWords, findEngine } from './engine.ts';

/** Whether this machine can run services, and which engine it has or what is missing. */
export interface ContainersHere {
  readonly are: boolean;
  readonly words: string;
}

/** @param allowed what the owner says */
export async function detectContainers(allowed: boolean): Promise<ContainersHere> {
  if (!allowed) return { are: false, words: 'none, by its owner (--no-containers)' };
  try {
    return { are: true, words: engineWords(await findEngine()) };
  } catch (error) {
    if (!(error instanceof NoEngineError)) throw error;
    return { are: false, words: error.message };
  }
}
