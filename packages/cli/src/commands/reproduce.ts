import type { CliCommand } from '../command.ts';

export const reproduceCommand: CliCommand = {
  name: 'reproduce',
  summary: 'run a build of a farm on this machine, and see whether its result comes again',
  usage: 'weir reproduce BUILD [OPTIONS]',
  hasOwnHelp: true,
  async run(args) {
    const { runReproduce } = await import('@weir/worker');
    return runReproduce(args);
  },
};
