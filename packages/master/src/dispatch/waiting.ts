import type { WaitingRequest } from '@weir/model';
import type { RequestRow } from '../store/requests.ts';

/** A row of a waiting request as the rules see it. */
export function toWaiting(request: RequestRow): WaitingRequest {
  return {
    id: request.id,
    builderId: request.builder_id,
    reason: request.reason,
    upstreamCommit: request.upstream_commit,
    upstreamPosition: request.upstream_position,
    projectPosition: request.project_position,
    createdAt: request.created_at,
    notBefore: request.not_before,
    forWorkerId: request.for_worker_id,
    lostByWorkerId: request.lost_by_worker_id,
    declinedBy: JSON.parse(request.declined_json) as number[],
  };
}
