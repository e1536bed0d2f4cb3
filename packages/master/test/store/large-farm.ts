import type pg from 'pg';

const platforms = ['linux', 'musl', 'arm', 'riscv'];
const projects = ['json', ...Array.from({ length: 24 }, (_, n) => `project${n + 1}`)];

/** A farm file of 208 builders: 2 trunks and 25 projects on 4 platforms. */
export const largeFarmText = `
farm: Large farm
artifacts: same-worker
platforms:
${platforms.map((name) => `  ${name}: [${name}]`).join('\n')}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}, next: {}}
    platforms: [${platforms.join(', ')}]
    steps:
      - build: make
projects:
${projects
  .map(
    (name) => `  ${name}:
    repository: https://git.example/${name}
    platforms: [${platforms.join(', ')}]
    trunks: [lua/master, lua/next]
    steps:
      - test: lua test.lua
`,
  )
  .join('')}`;

/**
 * What such a farm has after weeks: 50,000 builds with their requests, steps and logs, 50,000 requests that were superseded, 20,000 changes,
 * 50,000 events, notices; of which 60 builds run, two of them out of reach, and 300 requests wait.
 */
export async function addHistory(client: pg.Client): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

const report = JSON.stringify({
  format: 'junit',
  state: 'read',
  text: '',
  totals: { passed: 40, failed: 1, skipped: 2, expectedFailures: 0, unexpectedPasses: 0 },
  durationMs: 1_234,
  mismatch: null,
  named: [{ name: 'a test of some name', outcome: 'failed', message: 'x'.repeat(600) }],
});

const statements = [
  `insert into worker (name, key, fingerprint, state, owner, trust, labels_json, granted_json, slots, agent,
     facts_json, online, asked_at, disk_full)
   select 'w' || g, 'k' || g, 'f' || g, 'accepted', 'o', 'normal', labels_json, granted_json, 2, agent,
     facts_json, g % 2, asked_at, 0
   from worker, generate_series(2, 100) g where name = 'w1'`,
  `insert into change (branch_id, position, commit_hash, author_name, author_email, authored_at, committer_name,
     committer_email, committed_at, seen_at, subject, message, files_json)
   select id, position + g, md5(id || ' ' || g) || '00000000', 'Ada', 'ada@example.org', g, 'Ada',
     'ada@example.org', g, g, 'Change', 'Because.', '["a.c"]'
   from generate_series(1, 750) g, branch order by g, id`,
  `update branch set position = position + 750`,
  `create temporary table made as
   select g, (g % b.builders) + 1 as builder_id, g % 100 + 1 as worker_id,
     (select max(id) from request) + g as request_id, (select max(id) from build) + g as build_id
   from generate_series(1, 50000) g, (select count(*) as builders from builder) b`,
  `insert into request (id, builder_id, state, reason, reason_text, requested_by, upstream_commit,
     upstream_position, project_commit, project_position, created_at, attempts, declined_json, result, finished_at)
   select request_id, builder_id, case when g > 49940 then 'claimed' else 'done' end, 'trunk', 'because',
     'engine', md5((g / 50)::text) || '00000000', g / 70, null, null, g * 1000::bigint, (g % 100 = 0)::int, '[]',
     case when g > 49940 then null when g % 7 = 0 then 'failure' else 'success' end,
     case when g > 49940 then null else g * 1000::bigint + 900 end
   from made`,
  `insert into request (id, builder_id, state, reason, reason_text, requested_by, upstream_commit,
     upstream_position, created_at, attempts, declined_json)
   select request_id + 50000, builder_id, 'waiting', 'trunk', 'because', 'engine',
     md5(g::text) || '00000000', 700, 60000000, 0, '[]'
   from made where g <= 300`,
  `insert into request (id, builder_id, state, reason, reason_text, requested_by, upstream_commit,
     upstream_position, created_at, attempts, declined_json, superseded_by, result, finished_at)
   select request_id + 100000, builder_id, 'cancelled', 'trunk', 'because', 'engine',
     md5((g / 50)::text) || '00000000', g / 70, g * 1000::bigint, 0, '[]', request_id, 'cancelled', g * 1000::bigint
   from made`,
  `insert into build (id, builder_id, number, request_id, worker_id, state, attempt, epoch, boot, lease_until,
     detached_at, journal_n, result, findings_json, text, environment_json, verdict_before, started_at, finished_at)
   select build_id, m.builder_id, b.next_number - 1 + row_number() over (partition by m.builder_id order by g),
     request_id, worker_id,
     case when g > 49998 then 'detached' when g > 49940 then 'running' else 'finished' end, 1, 1, 'b1',
     g * 1000::bigint, case when g > 49998 then g * 1000::bigint end, 9,
     case when g > 49940 then null when g % 500 = 0 then 'lost' when g % 7 = 0 then 'failure' else 'success' end,
     '[]', '', '{"kernel":"6.1","cpu":"a model of some make"}', 'green', g * 1000::bigint,
     case when g > 49940 then null else g * 1000::bigint + 900 end
   from made m join builder b on b.id = m.builder_id`,
  // As wide as they are in life: a narrow table is scanned where a real one would not be.
  `insert into step (build_id, step, name, run, result, findings_json, exit_code, text, started_at, finished_at,
     report_json, tests_names, tests_results)
   select build_id, n, 'step ' || n, 'make', 'success', '[]', 0, '', g, g + 1,
     case when n = 1 then '${report}' end,
     case when n = 1 then md5(g::text) end, case when n = 1 then md5(g::text) end
   from made, generate_series(0, 1) n`,
  `insert into log (build_id, step, file, bytes, lines, ranges_json, sha256, finished)
   select build_id, 0, '2026-w47', 1, 1, '[[0,1]]', md5(g::text), 1 from made`,
  `insert into resolved (build_id, step, position, path, sha256, bytes, text)
   select build_id, 0, 0, 'lock', md5((g / 9)::text), 9, '' from made where g % 5 = 0`,
  `update builder set next_number = last.number + 1, last_build_id = last.id, verdict = 'green',
     green_build_id = last.id, usual_ms = 900
   from (select distinct on (builder_id) builder_id, id, number from build order by builder_id, number desc) last
   where last.builder_id = builder.id`,
  `insert into notice (kind, about, state, created_at, told_at, headline)
   select 'breakage-opened', 'breakage/' || g / 3, 'told', g, g, 'It broke' from generate_series(1, 20000) g`,
  `insert into delivery (notice_id, channel, address, subscriptions_json, message_id, state, tries, not_before,
     created_at, ended_at)
   select g, 'mail', 'ada@example.org', '[1]', '<' || g || '>',
     case when g > 19990 then 'waiting' when g % 100 = 0 then 'failed' else 'sent' end, 1, g, g, g
   from generate_series(1, 20000) g`,
  `insert into event (number, at, kind, actor, subject, data_json)
   select newest + g, g, 'build.finished', 'engine', 'build/' || g / 2, '{"result":"success","builder":"lua/master/linux"}'
   from generate_series(1, 50000) g, event_counter`,
  `update event_counter set newest = newest + 50000`,
  `analyze`,
];
