export { runReproduce } from './reproduce/command.ts';
export { runCommand } from './run-command.ts';
export { NoSandboxError, detectSandbox } from './sandbox/detect.ts';
