import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';
import type { Database } from '../schema.ts';

/** The first schema: what `schema.ts` says of each table. */
export const spine: Migration = {
  number: 1,
  name: 'spine',
  oldestProgram: 1,
  async up(db) {
    await createFarmTables(db);
    await createBranchTables(db);
    await createWorkerTables(db);
    await createBuildTables(db);
  },
};

async function createFarmTables(db: Kysely<Database>): Promise<void> {
  await createTable(db, 'event', {
    number: 'id',
    at: 'integer',
    kind: 'text',
    actor: 'text',
    subject: 'text',
    data_json: 'text',
  });
  await createTable(db, 'setting', { name: 'text', value: 'text' });
  await sql`create unique index setting_name on setting (name)`.execute(db);
  await createTable(db, 'farm_version', {
    id: 'id',
    text: 'text',
    path: 'text',
    applied_at: 'integer',
    applied_by: 'text',
  });
  await createTable(db, 'builder', {
    id: 'id',
    name: 'text',
    kind: 'text',
    upstream: 'text',
    trunk: 'text',
    project: 'text?',
    platform: 'text',
    tier: 'integer',
    place: 'integer',
    active: 'integer',
    paused_by: 'text?',
    paused_at: 'integer?',
    paused_reason: 'text?',
    next_number: 'integer',
    last_build_id: 'integer?',
    verdict: 'text',
    verdict_at: 'integer?',
  });
  await sql`create unique index builder_name on builder (name)`.execute(db);
}

async function createBranchTables(db: Kysely<Database>): Promise<void> {
  await createTable(db, 'branch', {
    id: 'id',
    name: 'text',
    kind: 'text',
    repository: 'text',
    ref: 'text',
    state: 'text',
    head: 'text?',
    position: 'integer',
    error: 'text?',
    polled_at: 'integer?',
    rewritten_at: 'integer?',
    active: 'integer',
    scheduled_position: 'integer',
  });
  await sql`create unique index branch_name on branch (name)`.execute(db);
  await createTable(db, 'change', {
    id: 'id',
    branch_id: 'integer',
    position: 'integer',
    commit_hash: 'text',
    parent_hash: 'text?',
    author_name: 'text',
    author_email: 'text',
    authored_at: 'integer',
    committer_name: 'text',
    committer_email: 'text',
    committed_at: 'integer',
    seen_at: 'integer',
    subject: 'text',
    message: 'text',
    files_json: 'text',
  });
  await sql`create unique index change_position on change (branch_id, position)`.execute(db);
  // Not unique: a branch that is rewritten and rewritten back shows a commit twice.
  await sql`create index change_commit on change (branch_id, commit_hash)`.execute(db);
}

async function createWorkerTables(db: Kysely<Database>): Promise<void> {
  await createTable(db, 'worker', {
    id: 'id',
    name: 'text',
    key: 'text',
    fingerprint: 'text',
    state: 'text',
    owner: 'text',
    trust: 'text',
    labels_json: 'text',
    granted_json: 'text',
    slots: 'integer',
    agent: 'text',
    sandbox_json: 'text?',
    facts_json: 'text',
    boot: 'text?',
    online: 'integer',
    heard_at: 'integer?',
    asked_at: 'integer',
    paused_by: 'text?',
    paused_at: 'integer?',
    paused_reason: 'text?',
    disk_full: 'integer',
    duplicate_at: 'integer?',
  });
  await sql`create unique index worker_name on worker (name)`.execute(db);
  await createTable(db, 'runtime', {
    worker_id: 'integer',
    builder_id: 'integer',
    commit_hash: 'text',
    state: 'text',
    build_id: 'integer?',
    at: 'integer',
  });
  await sql`create unique index runtime_key on runtime (commit_hash, builder_id, worker_id)`.execute(
    db,
  );
  await sql`create index runtime_worker on runtime (worker_id)`.execute(db);
}

async function createBuildTables(db: Kysely<Database>): Promise<void> {
  await createTable(db, 'request', {
    id: 'id',
    builder_id: 'integer',
    state: 'text',
    reason: 'text',
    reason_text: 'text',
    requested_by: 'text',
    upstream_commit: 'text',
    upstream_position: 'integer',
    project_commit: 'text?',
    project_position: 'integer?',
    created_at: 'integer',
    attempts: 'integer',
    not_before: 'integer?',
    for_worker_id: 'integer?',
    lost_by_worker_id: 'integer?',
    declined_json: 'text',
    superseded_by: 'integer?',
    result: 'text?',
    finding: 'text?',
    finished_at: 'integer?',
  });
  await sql`create index request_waiting on request (builder_id, id) where state = 'waiting'`.execute(
    db,
  );
  await sql`create index request_builder on request (builder_id, id)`.execute(db);
  await sql`create index request_commit on request (builder_id, upstream_commit)`.execute(db);
  await createTable(db, 'build', {
    id: 'id',
    builder_id: 'integer',
    number: 'integer',
    request_id: 'integer',
    worker_id: 'integer',
    state: 'text',
    attempt: 'integer',
    epoch: 'integer',
    boot: 'text',
    lease_until: 'integer',
    journal_n: 'integer',
    result: 'text?',
    findings_json: 'text',
    text: 'text',
    environment_json: 'text',
    cancel_reason: 'text?',
    started_at: 'integer',
    finished_at: 'integer?',
  });
  await sql`create unique index build_number on build (builder_id, number)`.execute(db);
  await sql`create index build_request on build (request_id)`.execute(db);
  await sql`create index build_worker on build (worker_id, id)`.execute(db);
  await sql`create index build_running on build (worker_id) where state != 'finished'`.execute(db);
  await createTable(db, 'step', {
    build_id: 'integer',
    step: 'integer',
    name: 'text',
    run: 'text',
    result: 'text?',
    findings_json: 'text',
    exit_code: 'integer?',
    signal: 'text?',
    text: 'text',
    started_at: 'integer?',
    finished_at: 'integer?',
  });
  await sql`create unique index step_key on step (build_id, step)`.execute(db);
  await createTable(db, 'log', {
    id: 'id',
    build_id: 'integer',
    step: 'integer',
    file: 'text',
    bytes: 'integer?',
    lines: 'integer?',
    ranges_json: 'text?',
    sha256: 'text?',
    finished: 'integer',
  });
  await sql`create unique index log_key on log (build_id, step)`.execute(db);
}
