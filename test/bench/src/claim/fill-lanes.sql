-- fill-lanes
-- params  $1 prefix of the thread ids text, $2 how many runs bigint, $3 depth of the deepest lane bigint, $4 whether every
--         lane is that deep boolean; otherwise depths go round from 1 to $3
-- result  none; the first run of each lane is ready, longest the first lane
with lane as (
  select
    number,
    case when $4::boolean then $3::bigint else 1 + number % $3::bigint end as depth
  from generate_series(0, $2::bigint - 1) as number
  where number < case when $4::boolean then $2::bigint / $3::bigint else 2 * $2::bigint / ($3::bigint + 1) + $3::bigint end
),
placed as (
  select $1 || number as thread_id, position
  from lane
  cross join lateral generate_series(1, depth) as position
  order by number, position
  limit $2::bigint
),
threads as (
  insert into runlane.threads (thread_id, status, first_partition, next_lane_position)
  select thread_id, 'busy', 0, max(position) + 1
  from placed
  group by thread_id
)
insert into runlane.runs (
  run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint, metadata, lane_position,
  ready_at, source_topic, source_partition, source_offset
)
select
  gen_random_uuid(), thread_id, 'fe096781-5601-53d2-b2f6-0d3403f7e9ca', 'agent', 'pending', 'enqueue',
  json_build_object(
    'thread_id', thread_id, 'assistant_id', 'agent', 'input', json_build_object('question', 'how many words are in this sentence'),
    'metadata', json_build_object('tenant', 'a tenant of usual length')
  ),
  decode(md5(thread_id || position) || md5(thread_id), 'hex'), '{"tenant": "a tenant of usual length"}', position,
  case when position = 1 then clock_timestamp() end, 'requests', 0, position
from placed
