import type { NewRequest, RequestRow } from '../../src/store/requests.ts';

/** Waiting request 1 of builder 2 at commit `c1`, as the store has it, unless told otherwise. */
export function requestRow(over: Partial<RequestRow> = {}): RequestRow {
  return {
    id: 1,
    builder_id: 2,
    state: 'waiting',
    reason: 'trunk',
    reason_text: '',
    requested_by: 'engine',
    upstream_commit: 'c1',
    upstream_position: 1,
    project_commit: null,
    project_position: null,
    created_at: 1,
    attempts: 0,
    not_before: null,
    for_worker_id: null,
    lost_by_worker_id: null,
    declined_json: '[]',
    superseded_by: null,
    again_of: null,
    result: null,
    finding: null,
    finished_at: null,
    ...over,
  };
}

/** A request of builder 1 that a person makes. */
export const newRequest = {
  builderId: 1,
  reason: 'forced',
  reasonText: '',
  requestedBy: 'test',
  upstreamCommit: 'a'.repeat(40),
  upstreamPosition: 1,
  projectCommit: null,
  projectPosition: null,
  createdAt: 1_763_640_000_000,
} as const satisfies NewRequest;
