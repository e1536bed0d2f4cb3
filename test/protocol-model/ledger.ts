import type { JournalEntry, Result } from '@weir/protocol';

/** What really happened to one build on its machine, whatever anybody says of it. */
export interface LedgerBuild {
  readonly id: number;
  readonly worker: string;
  /** What each step printed. */
  readonly printed: Buffer[];
  readonly journal: JournalEntry[];
  result: Result | undefined;
  /** `dropped`: its files are gone, as the farm told its worker. */
  state: 'running' | 'finished' | 'killed' | 'dropped';
}

/** The builds that were ever begun, by id. A build is begun once. */
export class Ledger {
  readonly builds = new Map<number, LedgerBuild>();

  begin(id: number, worker: string): LedgerBuild {
    const known = this.builds.get(id);
    if (known !== undefined) throw new Error(`build ${id} is begun again, on ${worker}`);
    const build: LedgerBuild = {
      id,
      worker,
      printed: [],
      journal: [],
      result: undefined,
      state: 'running',
    };
    this.builds.set(id, build);
    return build;
  }

  running(): LedgerBuild[] {
    return [...this.builds.values()].filter(({ state }) => state === 'running');
  }
}
