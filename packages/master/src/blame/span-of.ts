import type { Span } from '@weir/model';
import { trunkName } from '@weir/model';
import type { MemberRow } from '../store/breakages.ts';

type SpanColumns = Pick<
  MemberRow,
  | 'upstream'
  | 'trunk'
  | 'project'
  | 'upstream_green_position'
  | 'upstream_red_position'
  | 'project_green_position'
  | 'project_red_position'
>;

/** Where a builder turned red, from its row. */
export function spanOf(row: SpanColumns): Span {
  const { project_green_position: green, project_red_position: red } = row;
  return {
    trunk: trunkName(row.upstream, row.trunk),
    project: row.project,
    upstreamReach: { green: row.upstream_green_position, red: row.upstream_red_position },
    projectReach: green === null || red === null ? null : { green, red },
  };
}
