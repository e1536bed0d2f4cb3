import type { LogKeeping } from '../serve-log-requests.ts';
import { dropLog } from './drop-log.ts';
import { GrowthTeller } from './growth.ts';
import { LogConnection } from './log-connection.ts';
import { LogDays } from './log-days.ts';
import { PostgresKeeper } from './postgres-keeper.ts';
import { PostgresPacker } from './postgres-packer.ts';
import type { PackedPlace } from './put-packed.ts';

/** What other engines left is looked for so often. */
const takeOverEveryMs = 60_000;
const maintainEveryMs = 3_600_000;

export interface PostgresKeepingOptions extends PackedPlace {
  readonly warn: (message: string) => void;
}

/**
 * Keeps the logs of one engine in the store's database, whose schema is there. What need not wait for
 * one another goes over two connections: what workers print, and all else.
 *
 * @throws what the server says when it can't be reached
 */
export async function openPostgresKeeping(
  url: string,
  { objects, uploadsDir, warn }: PostgresKeepingOptions,
): Promise<LogKeeping> {
  const connection = new LogConnection(url);
  const background = new LogConnection(url, { isLazy: true });
  const days = new LogDays(url);
  await days.makeAhead();
  const growth = new GrowthTeller(background);
  const packer = new PostgresPacker({ connection: background, objects, uploadsDir, warn });
  const keeper = new PostgresKeeper({
    connection,
    ensureDay: (day) => days.ensure(day),
    onFinished: (id) => packer.add(id),
  });
  const maintain = async (): Promise<void> => {
    await days.makeAhead();
    await days.dropPast();
  };
  const attempt = (act: () => Promise<void>) => (): void => {
    act().catch((error: unknown) => warn(`logs: ${String(error)}`));
  };
  const timers = [
    setInterval(
      attempt(() => packer.takeOver()),
      takeOverEveryMs,
    ),
    setInterval(attempt(maintain), maintainEveryMs),
    // Soon after the start, too: an engine may be replaced more often than once an hour.
    setTimeout(attempt(maintain), takeOverEveryMs),
  ];
  return {
    async append(log, offset, bytes, options) {
      const answer = await keeper.append(log, offset, bytes, options);
      if (answer.t === 'stored') growth.grew(log.id, answer.offset);
      return answer;
    },
    position: (log, capBytes) => keeper.position(log, capBytes),
    finish: (log, end, capBytes) => keeper.finish(log, end, capBytes),
    async drop({ id }) {
      await dropLog(background, id);
      keeper.forget(id);
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await keeper.close();
      await packer.close();
      await Promise.all([connection[Symbol.asyncDispose](), background[Symbol.asyncDispose]()]);
    },
  };
}
