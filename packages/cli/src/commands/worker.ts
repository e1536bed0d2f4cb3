import type { CliCommand } from '../command.ts';

export const workerCommand: CliCommand = {
  name: 'worker',
  summary: 'join a farm as a volunteer, run, pause or look after a worker',
  usage: `weir worker join URL --name NAME [OPTIONS]
weir worker run [--data DIR]
weir worker install|uninstall [--data DIR]
weir worker status|pause REASON|resume|slots N|leave [--data DIR]
weir worker doctor [URL]

'weir worker join --help' and 'weir worker run --help' tell more.`,
  hasOwnHelp: true,
  async run(args) {
    const { runCommand } = await import('@weir/worker');
    return runCommand(args);
  },
};
