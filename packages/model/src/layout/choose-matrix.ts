/** A builder by what it is for. */
export interface MatrixPlace {
  readonly name: string;
  readonly upstream: string;
  readonly trunk: string;
  /** Null: it builds the runtime itself. */
  readonly project: string | null;
  readonly platform: string;
}

/** How the projects follow each other: as in the farm file, or those with most that is red first. */
export const matrixSorts = ['file', 'red'] as const;
export type MatrixSort = (typeof matrixSorts)[number];

export interface MatrixChoice {
  readonly upstream?: string | undefined;
  /** `UPSTREAM/TRUNK`. */
  readonly trunk?: string | undefined;
  readonly platform?: string | undefined;
  /** A project's name, or a part of the names of several. */
  readonly project?: string | undefined;
  /** Only projects and trunks that have a red builder. */
  readonly red: boolean;
  readonly sort: MatrixSort;
  /** From 1. */
  readonly page: number;
}

/** So much is drawn at once. */
export interface MatrixSize {
  readonly trunks: number;
  readonly projects: number;
}

/** A row or a column, and how many of its builders are red, on this page and on others. */
export interface MatrixHead {
  readonly name: string;
  readonly red: number;
}

export interface ChosenMatrix {
  readonly columns: readonly MatrixHead[];
  /** Whether the runtime has a row: on every page, unless it is not red where only what is red is shown. */
  readonly hasRuntime: boolean;
  readonly rows: readonly MatrixHead[];
  /** The builders in these rows and columns. */
  readonly builders: readonly MatrixPlace[];
  /** So many projects there are on all pages. */
  readonly projects: number;
  /** At least 1. */
  readonly pages: number;
  /** The one asked for, or the last one where there are fewer. */
  readonly page: number;
  /** So many red builders there are in these columns, on all pages, those of runtimes as well. */
  readonly red: number;
  /** There are more trunks than a page has columns. */
  readonly isCut: boolean;
}

/**
 * Which trunks and projects a page of the matrix has.
 *
 * @param builders in the farm file's order, which is that of the columns
 * @param projects the order of the rows
 * @param red the names of the red builders
 */
export function chooseMatrix(
  { builders, projects }: { builders: readonly MatrixPlace[]; projects: readonly string[] },
  red: ReadonlySet<string>,
  { choice, size }: { choice: MatrixChoice; size: MatrixSize },
): ChosenMatrix {
  const wanted = wantedOf(builders, choice);
  const telling = choice.red ? wanted.filter(({ name }) => red.has(name)) : wanted;
  const all = [...new Set(telling.map(columnOf))];
  const columns = new Set(all.slice(0, size.trunks));
  const within = wanted.filter((each) => columns.has(columnOf(each)));
  const redOnes = within.filter(({ name }) => red.has(name));
  const redOf = counter(redOnes.map(({ project }) => project));
  const tested = new Set((choice.red ? redOnes : within).map(({ project }) => project));
  const its = projects.filter((project) => tested.has(project));
  const sorted = choice.sort === 'red' ? its.toSorted((a, b) => redOf(b) - redOf(a)) : its;
  const pages = Math.max(1, Math.ceil(its.length / size.projects));
  const page = Math.min(choice.page, pages);
  const from = (page - 1) * size.projects;
  const rows = sorted.slice(from, from + size.projects);
  const hasRuntime = tested.has(null);
  const shown = new Set<string | null>(hasRuntime ? [null, ...rows] : rows);
  const redIn = counter(redOnes.map(columnOf));
  return {
    columns: [...columns].map((name) => ({ name, red: redIn(name) })),
    hasRuntime,
    rows: rows.map((name) => ({ name, red: redOf(name) })),
    builders: within.filter(({ project }) => shown.has(project)),
    projects: its.length,
    page,
    pages,
    red: redOnes.length,
    isCut: all.length > size.trunks,
  };
}

/** What suits the choice, but for its colour. The runtime is there where a project is that was asked for. */
function wantedOf(builders: readonly MatrixPlace[], choice: MatrixChoice): MatrixPlace[] {
  const { upstream, trunk, platform, project } = choice;
  const suiting = builders.filter(
    (each) =>
      (upstream === undefined || each.upstream === upstream) &&
      (trunk === undefined || columnOf(each) === trunk) &&
      (platform === undefined || each.platform === platform),
  );
  if (project === undefined) return suiting;
  const isExact = suiting.some((each) => each.project === project);
  const part = project.toLowerCase();
  const isMeant = (name: string | null): boolean =>
    isExact ? name === project : name?.includes(part) === true;
  const columns = new Set(
    suiting.flatMap((each) => (isMeant(each.project) ? [columnOf(each)] : [])),
  );
  return suiting.filter((each) =>
    each.project === null ? columns.has(columnOf(each)) : isMeant(each.project),
  );
}

function columnOf({ upstream, trunk }: MatrixPlace): string {
  return `${upstream}/${trunk}`;
}

function counter<T>(values: readonly T[]): (value: T) => number {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return (value) => counts.get(value) ?? 0;
}
