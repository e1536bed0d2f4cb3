import { listOf } from './collections.ts';
import { optional, orBlank, required, section } from './section.ts';
import { line, name } from './texts.ts';

export const platformNames = listOf(name, 'names of platforms', { min: 1, unique: true });

/** The name of an upstream, a slash, and that of a trunk: two names of 64. */
const trunk = line(129);

export const combinationOptions = {
  trunk: required(trunk, 'One of the trunks, as UPSTREAM/TRUNK.'),
  platform: required(name, 'One of the platforms.'),
};

const combinations = listOf(
  section(combinationOptions),
  'combinations such as {trunk: lua/v5.4, platform: linux}',
);

/** The options of a project that say where it is tested. */
export const matrixOptions = {
  trunks: required(
    listOf(trunk, 'trunks, each UPSTREAM/TRUNK', { min: 1, unique: true }),
    'The trunks that the project is tested with.',
  ),
  platforms: optional(platformNames, 'those of its upstreams', 'Where it is tested.'),
  exclude: orBlank(combinations, 'none', 'What of `trunks` on `platforms` is left out.'),
  include: orBlank(
    combinations,
    'none',
    'What is tested beside `trunks` on `platforms`: a trunk on one platform only, say.',
  ),
};
