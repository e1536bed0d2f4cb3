import { parseArgs } from 'node:util';
import { type World, worlds } from './breakages.ts';
import { type FleetName, fleetNames } from './fleets.ts';
import { type OrderName, orderNames } from './orders.ts';

export interface Options {
  readonly fleet: FleetName;
  readonly orders: readonly OrderName[];
  readonly hours: number;
  readonly slots: number | undefined;
  readonly projects: number | undefined;
  readonly seed: number;
  readonly world: World;
  readonly isJson: boolean;
}

export const usage = `npm run simulate -- [--fleet FLEET] [--order ORDER]... [options]

Runs the farm's own scheduling and matching in virtual time.

  --fleet FLEET    ${fleetNames.join(', ')} (packages)
  --order ORDER    ${orderNames.join(', ')};
                   may be given more than once (urgency: what a farm does)
  --hours H        commits land for so long, then what waits is built (24)
  --slots N        slots of the whole farm (the fleet's own number)
  --projects N     projects, for the fleets that have any (the fleet's own number)
  --world WORLD    even: all projects break alike often; skewed: some far more often (skewed)
  --seed N         another seed, other commits, breakages and durations (1)
  --json           one JSON line for each order
`;

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fleet: { type: 'string', default: 'packages' },
      order: { type: 'string', multiple: true, default: ['urgency'] },
      hours: { type: 'string', default: '24' },
      slots: { type: 'string' },
      projects: { type: 'string' },
      world: { type: 'string', default: 'skewed' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    fleet: oneOf('fleet', values.fleet, fleetNames),
    orders: values.order.map((order) => oneOf('order', order, orderNames)),
    hours: numberOf('hours', values.hours, { most: 24 * 366 }),
    slots: wholeOf('slots', values.slots),
    projects: wholeOf('projects', values.projects),
    seed: numberOf('seed', values.seed, { most: 2 ** 31 }),
    world: oneOf('world', values.world, worlds),
    isJson: values.json,
  };
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Error(`--${name} is one of ${known.join(', ')}, not ${value}`);
  return found;
}

function numberOf(name: string, value: string, { most }: { most: number }): number {
  const number = Number(value);
  if (!(number > 0 && number <= most)) {
    throw new Error(`--${name} is a number above 0 and up to ${most}, not ${value}`);
  }
  return number;
}

function wholeOf(name: string, value: string | undefined): number | undefined {
  return value === undefined ? undefined : Math.ceil(numberOf(name, value, { most: 1_000_000 }));
}
