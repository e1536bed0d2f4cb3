import type { Farm } from '@weir/model';
import { buildersOf, trunkName } from '@weir/model';
import type { ChosenMatrix, MatrixChoice } from '@weir/model/layout';
import { chooseMatrix, layMatrix, platformLetters } from '@weir/model/layout';
import type { Kysely } from 'kysely';
import type { FarmFacts } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import type { VerdictView } from '../read/verdicts.ts';
import { readVerdicts, redBuilders } from '../read/verdicts.ts';

export interface MatrixView {
  readonly ask: MatrixChoice;
  readonly chosen: ChosenMatrix;
  /** By row, the runtime's first where it has one, and by column; the worst of a cell is first. */
  readonly cells: readonly (readonly (readonly VerdictView[])[])[];
  /** How each platform is marked; empty where all that is shown is of one. */
  readonly letters: ReadonlyMap<string, string>;
  /** What the filters can be set to. */
  readonly choices: Readonly<Record<'upstream' | 'trunk' | 'platform', readonly string[]>>;
}

/** What is visible, and not all there is. */
const size = { trunks: 16, projects: 30 };

export async function readMatrix(
  db: Kysely<Database>,
  { file: farm, rules }: FarmFacts,
  ask: MatrixChoice,
  now: number,
): Promise<MatrixView> {
  const builders = buildersOf(farm);
  const projects = [...farm.projects.keys()];
  const red = await redBuilders(db);
  const chosen = chooseMatrix({ builders, projects }, red, { choice: ask, size });
  const names = chosen.builders.map(({ name }) => name);
  const verdicts = await readVerdicts(db, rules, names, now);
  const shown = new Set(verdicts.map(({ platform }) => platform));
  const all = [...farm.platforms.keys()];
  return {
    ask,
    chosen,
    cells: layMatrix(
      [...(chosen.hasRuntime ? [null] : []), ...chosen.rows.map(({ name }) => name)],
      chosen.columns.map(({ name }) => name),
      verdicts,
    ),
    letters: shown.size < 2 ? new Map() : lettersOf(all, shown),
    choices: { upstream: [...farm.upstreams.keys()], trunk: trunksOfAll(farm), platform: all },
  };
}

/** A platform has the same letters on every page. */
function lettersOf(all: readonly string[], shown: ReadonlySet<string>): Map<string, string> {
  return new Map([...platformLetters(all)].filter(([platform]) => shown.has(platform)));
}

function trunksOfAll({ upstreams }: Farm): string[] {
  return [...upstreams.values()].flatMap(({ name, trunks }) =>
    [...trunks.keys()].map((trunk) => trunkName(name, trunk)),
  );
}
