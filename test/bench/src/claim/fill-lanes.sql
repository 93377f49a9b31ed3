-- fill-lanes
-- params  $prefix of the thread ids text, $run_count bigint, $deepest depth of the deepest lane bigint,
--         $is_uniform whether every lane is that deep boolean; otherwise depths go round from 1 to $deepest
-- result  none; the first run of each lane is ready, longest the first lane
with lane as (
  select
    number,
    case when $is_uniform::boolean then $deepest::bigint else 1 + number % $deepest::bigint end as depth
  from generate_series(0, $run_count::bigint - 1) as number
  where number < case when $is_uniform::boolean then $run_count::bigint / $deepest::bigint else 2 * $run_count::bigint /
  ($deepest::bigint + 1) + $deepest::bigint end
),
placed as (
  select $prefix || number as thread_id, position
  from lane
  cross join lateral generate_series(1, depth) as position
  order by number, position
  limit $run_count::bigint
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
