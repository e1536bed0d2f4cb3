import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { parseCommandLine } from '../usage.ts';

export const schemaCommand: CliCommand = {
  name: 'schema',
  summary: 'the JSON Schema of farm files, for editors',
  usage: `weir schema > farm.schema.json

With this line on top of a farm file an editor completes and checks it while it is written:
  # yaml-language-server: $schema=farm.schema.json`,
  async run(args) {
    parseCommandLine({ args, options: { json: { type: 'boolean' } } });
    const { farmFileSchema } = await import('@weir/master');
    process.stdout.write(`${JSON.stringify(farmFileSchema(), null, 2)}\n`);
    return 0;
  },
};
