import type { Farm } from '@weir/model';
import { followedBranchesOf } from '@weir/model';
import type { Kysely } from 'kysely';
import { branchByName } from '../store/branches.ts';
import { recordEvents } from '../store/events.ts';
import type { Database } from '../store/schema.ts';

/**
 * Makes the branch rows say what the farm file follows. A branch that moved to another repository
 * or ref begins anew with a baseline; one that is named no more keeps its history. Runs in a unit.
 */
export async function syncBranches(db: Kysely<Database>, farm: Farm, at: number): Promise<void> {
  await db.updateTable('branch').set({ active: 0 }).where('active', '=', 1).execute();
  for (const { name, kind, repository, ref } of followedBranchesOf(farm)) {
    const known = await branchByName(db, name);
    const isSame = known?.repository === repository && known.ref === ref && known.kind === kind;
    if (known === undefined) {
      const state = 'new';
      await db
        .insertInto('branch')
        .values({
          name,
          kind,
          repository,
          ref,
          state,
          position: 0,
          active: 1,
          scheduled_position: 0,
        })
        .execute();
    } else if (isSame) {
      await db.updateTable('branch').set({ active: 1 }).where('id', '=', known.id).execute();
    } else {
      const anew = {
        kind,
        repository,
        ref,
        state: 'new',
        head: null,
        error: null,
        active: 1,
      } as const;
      await db.updateTable('branch').set(anew).where('id', '=', known.id).execute();
      const subject = `branch/${name}`;
      const data = { repository, ref };
      await recordEvents(db, [{ at, kind: 'branch.moved', actor: 'engine', subject, data }]);
    }
  }
}
