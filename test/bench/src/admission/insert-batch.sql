-- insert-batch
-- params  $source_topic text, $source_partition integer, then one array per column, in log order: $run_ids,
--         $thread_ids, $requests, $fingerprints, $metadata, $lane_positions, $is_ready, $source_offsets; $assistant_id text,
--         $graph_id text
-- result  none
-- events  one per run, in the same order
-- The peer's bulk insert: the rows that admission writes, with nothing checked.
with incoming as (
  select *
  from unnest(
    $run_ids::uuid[], $thread_ids::text[], $requests::text[], $fingerprints::text[], $metadata::text[],
    $lane_positions::bigint[], $is_ready::boolean[], $source_offsets::bigint[]
  ) with ordinality as incoming (
    run_id, thread_id, request, fingerprint, metadata, lane_position, is_ready, source_offset, ordinal
  )
),
lanes as (
  insert into runlane.threads as thread (thread_id, status, first_partition, next_lane_position)
  select thread_id, 'busy', $source_partition, max(lane_position) + 1
  from incoming
  group by thread_id
  order by thread_id
  on conflict (thread_id) do update
  set status = 'busy', next_lane_position = excluded.next_lane_position, updated_at = now()
),
inserted as (
  insert into runlane.runs (
    run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint, metadata,
    lane_position, ready_at, source_topic, source_partition, source_offset
  )
  select
    run_id, thread_id, $assistant_id, $graph_id, 'pending', 'enqueue', request::json, decode(fingerprint, 'hex'), metadata::json,
    lane_position, case when is_ready then clock_timestamp() end, $source_topic, $source_partition, source_offset
  from incoming
  order by ordinal
)
insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, thread_status, details)
select run_id, thread_id, 'run.pending', 1, 0, 'busy', '{}'::json
from incoming
order by ordinal
