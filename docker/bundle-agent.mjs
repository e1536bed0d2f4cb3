// Writes the worker's agent, as the farm serves it, to standard output.
import process from 'node:process';
import { Bundles } from '../packages/master/src/web/server/bundles.ts';

process.stdout.write((await new Bundles().agent()).bytes);
