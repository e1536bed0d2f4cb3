import manifest from '../../package.json' with { type: 'json' };

/** Of the farm, and of the agent that it serves: they are released together. */
export const weirVersion: string = manifest.version;
