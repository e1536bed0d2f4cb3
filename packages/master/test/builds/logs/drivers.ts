import { describe } from 'mocha';
import type { LogsPlace } from '../../../src/builds/logs/open-logs.ts';
import { temporaryFolder } from './support.ts';
import type { TestLogs } from './test-files.ts';
import { TestFiles } from './test-files.ts';
import { clearLogs, givenDatabase, placeOf, TestTables } from './test-tables.ts';

export type OpenTestLogs = (capBytes?: number) => Promise<TestLogs>;

/**
 * Describes what all drivers of the log store do.
 *
 * @param body is told how many tries of a property there is time for
 */
export function onEachDriver(
  title: string,
  body: (open: OpenTestLogs, tries: number) => void,
): void {
  describe(`${title} in files`, () => {
    body(async (capBytes) => new TestFiles(capBytes), 150);
  });
  describe(`${title} on PostgreSQL`, () => {
    const database = givenDatabase();
    body((capBytes) => TestTables.open(database(), capBytes), 40);
  });
}

/** Describes what log writer threads do, wherever the logs are; each test has a place of its own. */
export function onEachPlace(title: string, body: (begin: () => Promise<LogsPlace>) => void): void {
  describe(`${title} in files`, () => {
    body(async () => placeOf('weir.sqlite', temporaryFolder()));
  });
  describe(`${title} on PostgreSQL`, () => {
    const database = givenDatabase();
    body(async () => {
      await clearLogs(database());
      return placeOf(database().url, temporaryFolder());
    });
  });
}
