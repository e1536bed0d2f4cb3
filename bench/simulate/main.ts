import { drawOf } from './draw.ts';
import { fleetOf } from './fleets.ts';
import { needOf } from './need.ts';
import { type Options, parseOptions, usage } from './options.ts';
import type { OrderName } from './orders.ts';
import { outcomeOf } from './outcome.ts';
import { headOf, lineOf, needText } from './print.ts';
import { Simulation } from './simulation.ts';

/** The share of builds that are red by chance. */
const flakes = 0.005;

function runOne(options: Options, order: OrderName): void {
  const draw = drawOf(options.seed);
  const fleet = fleetOf(options.fleet, draw, options);
  const { hours, world } = options;
  const simulation = new Simulation(fleet, draw, { order, hours, world, flakes });
  simulation.run();
  const outcome = outcomeOf(simulation);
  const need = needOf(outcome);
  const { fleet: name, seed } = options;
  if (options.isJson) {
    console.log(JSON.stringify({ fleet: name, order, world, hours, seed, ...outcome, need }));
    return;
  }
  console.log(lineOf(order, outcome));
  if (order === options.orders.at(-1)) console.log(`\n${needText(outcome, need)}`);
}

function main(args: readonly string[]): number {
  let options: Options | 'help';
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (!options.isJson) console.log(headOf(options));
  for (const order of options.orders) runOne(options, order);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
