import { familyOf } from '@weir/model';
import type { BuilderFacts } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Database } from '../store/schema.ts';

const windowMs = 3_600_000;
/** At start, so many builds are looked through for those of the last hour. */
const maxRebuilt = 5_000;

interface Span {
  readonly family: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** Slot-seconds of the last hour by family, for fairness: a copy of what the builds say. */
export class Usage {
  #spans: Span[] = [];

  add(span: Span): void {
    this.#spans.push(span);
  }

  /** Sums what finished builds used within the last hour. */
  slotSeconds(now: number): Map<string, number> {
    const from = now - windowMs;
    this.#spans = this.#spans.filter((span) => span.finishedAt > from);
    const used = new Map<string, number>();
    for (const { family, startedAt, finishedAt } of this.#spans) {
      const seconds = (finishedAt - Math.max(startedAt, from)) / 1_000;
      used.set(family, (used.get(family) ?? 0) + seconds);
    }
    return used;
  }

  /** Reads the last hour back after a restart. */
  async rebuild(
    db: Kysely<Database>,
    builders: ReadonlyMap<number, BuilderFacts>,
    now: number,
  ): Promise<void> {
    const rows = await db
      .selectFrom('build')
      .select(['builder_id', 'started_at', 'finished_at'])
      .orderBy('id', 'desc')
      .limit(maxRebuilt)
      .execute();
    this.#spans = rows.flatMap((row) => {
      const builder = builders.get(row.builder_id);
      if (builder === undefined || row.finished_at === null || row.finished_at < now - windowMs) {
        return [];
      }
      return { family: familyOf(builder), startedAt: row.started_at, finishedAt: row.finished_at };
    });
  }
}
