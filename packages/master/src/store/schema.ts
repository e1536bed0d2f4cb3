import type { SuspicionTable, BreakageTable, BreakageBuilderTable } from './schema/breakage.ts';
import type {
  RequestTable,
  BuildTable,
  StepTable,
  ResolvedTable,
  LogTable,
} from './schema/build.ts';
import type { BranchTable, ChangeTable } from './schema/change.ts';
import type { EventTable, ReaderTable } from './schema/event.ts';
import type {
  SettingTable,
  FarmVersionTable,
  BuilderTable,
  RecurrenceTable,
} from './schema/farm.ts';
import type { MemberTable } from './schema/member.ts';
import type { SubscriptionTable, NoticeTable, DeliveryTable } from './schema/notice.ts';
import type { RuntimeTable, ArtifactTable } from './schema/runtime.ts';
import type { WorkerTable, InvitationTable } from './schema/worker.ts';

/**
 * The tables of the store. Times are integer milliseconds UTC, booleans 0 or 1, columns that end
 * in `_json` hold JSON text. What each table is for stands with it.
 */
export interface Database {
  artifact: ArtifactTable;
  event: EventTable;
  setting: SettingTable;
  farm_version: FarmVersionTable;
  branch: BranchTable;
  change: ChangeTable;
  builder: BuilderTable;
  request: RequestTable;
  build: BuildTable;
  step: StepTable;
  resolved: ResolvedTable;
  log: LogTable;
  worker: WorkerTable;
  runtime: RuntimeTable;
  reader: ReaderTable;
  suspicion: SuspicionTable;
  breakage: BreakageTable;
  breakage_builder: BreakageBuilderTable;
  recurrence: RecurrenceTable;
  subscription: SubscriptionTable;
  notice: NoticeTable;
  delivery: DeliveryTable;
  invitation: InvitationTable;
  member: MemberTable;
}
