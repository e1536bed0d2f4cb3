import { familyOf } from '@weir/model';
import type { BuilderFacts } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Database } from '../store/schema.ts';

const windowMs = 3_600_000;
/** How long a sum stands: builds older than the window count that much longer. */
const sumStandsMs = 60_000;
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
  #used = new Map<string, number>();
  #summedAt = -Infinity;

  add(span: Span): void {
    this.#spans.push(span);
    this.#count(span, span.finishedAt - windowMs);
  }

  /** What finished builds used within the last hour, and up to a minute before it. */
  slotSeconds(now: number): ReadonlyMap<string, number> {
    if (now - this.#summedAt >= sumStandsMs || now < this.#summedAt) this.#sum(now);
    return this.#used;
  }

  #sum(now: number): void {
    const from = now - windowMs;
    this.#spans = this.#spans.filter((span) => span.finishedAt > from);
    this.#used = new Map();
    for (const span of this.#spans) this.#count(span, from);
    this.#summedAt = now;
  }

  #count({ family, startedAt, finishedAt }: Span, from: number): void {
    const seconds = (finishedAt - Math.max(startedAt, from)) / 1_000;
    this.#used.set(family, (this.#used.get(family) ?? 0) + seconds);
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
    this.#sum(now);
  }
}
