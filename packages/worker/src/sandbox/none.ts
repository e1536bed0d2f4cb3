import { join } from 'node:path';
import type { Sandbox } from './contract.ts';
import { stepEnvironment } from './environment.ts';

/** No sandbox: steps see the machine as the agent's user does. Only for who asked for it by name. */
export function noSandbox(processLimits: readonly string[]): Sandbox {
  return {
    kind: 'none',
    limits: ['files, processes and network of this machine are open to builds', ...processLimits],
    objectsPath: (mirror) => join(mirror, 'objects'),
    runtimePath: ({ runtime }) => runtime,
    command: (step, place, env) => ({
      file: 'sh',
      args: ['-e', '-c', step.run],
      cwd: place.src,
      env: stepEnvironment(place, env),
      isContained: false,
    }),
  };
}
