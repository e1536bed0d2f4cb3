import type { Farm } from '@weir/model';
import { followedBranchesOf } from '@weir/model';
import type { Kysely } from 'kysely';
import {
  activateBranch,
  branchByName,
  deactivateBranches,
  insertBranch,
  restartBranch,
} from '../store/branches.ts';
import { recordEvents } from '../store/events.ts';
import type { Database } from '../store/schema.ts';

/**
 * Makes the branch rows say what the farm file follows. A branch that moved to another repository
 * or ref begins anew with a baseline; one that is named no more keeps its history. Runs in a unit.
 */
export async function syncBranches(db: Kysely<Database>, farm: Farm, at: number): Promise<void> {
  await deactivateBranches(db);
  for (const branch of followedBranchesOf(farm)) {
    const { name, kind, repository, ref } = branch;
    const known = await branchByName(db, name);
    if (known === undefined) {
      await insertBranch(db, branch);
    } else if (known.repository === repository && known.ref === ref && known.kind === kind) {
      await activateBranch(db, known.id);
    } else {
      await restartBranch(db, known.id, branch);
      const subject = `branch/${name}`;
      const data = { repository, ref };
      await recordEvents(db, [{ at, kind: 'branch.moved', actor: 'engine', subject, data }]);
    }
  }
}
