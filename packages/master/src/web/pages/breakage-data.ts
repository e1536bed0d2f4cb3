import { readBreakageFacts } from '../../notify/breakage-facts.ts';
import type { WebContext } from '../context.ts';
import { readBreakage } from '../read/breakages.ts';
import type { BreakageView } from './breakage.ts';

/** What the page of a breakage shows; what its notice tells as well comes from the same facts. */
export async function readBreakageView(
  { db, logs, tests, farm }: WebContext,
  id: number,
  url: string,
): Promise<BreakageView | undefined> {
  const breakage = await readBreakage(db, id);
  const facts = await readBreakageFacts({ db, logs, tests, farm: farm().file, url }, id);
  if (breakage === undefined || facts === undefined) return undefined;
  return {
    breakage,
    failed: facts.excerpt,
    tests: facts.tests ?? null,
    reproduce: facts.reproduce,
  };
}
