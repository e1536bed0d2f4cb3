import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { parseCommandLine } from '../usage.ts';

export const schemaCommand: CliCommand = {
  name: 'schema',
  summary: 'the JSON Schema of farm files, for editors',
  usage: `weir schema [--included] > farm.schema.json

With this line on top of a farm file an editor completes and checks it while it is written:
  # yaml-language-server: $schema=farm.schema.json

  --included  of files that a farm file includes`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: { included: { type: 'boolean' }, json: { type: 'boolean' } },
    });
    const { farmFileSchema, includedFileSchema } = await import('@weir/master');
    const schema = values.included === true ? includedFileSchema() : farmFileSchema();
    process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    return 0;
  },
};
