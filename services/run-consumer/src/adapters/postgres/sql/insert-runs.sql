-- insert-runs
-- params  $source_topic text, $source_partition integer, then one array per column, in log order: $run_ids,
--         $thread_ids, $assistant_ids, $graph_ids, $statuses, $reasons, $multitask_strategies, $requests, $fingerprints,
--         $metadata, $traceparents, $lane_positions, $is_ready, $blocked_by, $source_offsets, $thread_statuses, $details,
--         $is_temporary, $delay_seconds, $own_configurables, $assistant_configurables, $admission_positions;
--         $stores_events whether to store their events here, boolean: cancel-runs does where others come in between
-- result  none; a run_id that another transaction inserted in the meantime is a unique violation, and the batch is read again
-- events  one per run, in the same order (I5, I6)
with admitted as (
  select *
  from unnest(
    $run_ids::uuid[], $thread_ids::text[], $assistant_ids::text[], $graph_ids::text[], $statuses::text[],
    $reasons::text[], $multitask_strategies::text[], $requests::text[], $fingerprints::text[],
    $metadata::text[], $traceparents::text[], $lane_positions::bigint[], $is_ready::boolean[], $blocked_by::uuid[],
    $source_offsets::bigint[], $thread_statuses::text[], $details::text[],
    $is_temporary::boolean[], $delay_seconds::double precision[], $own_configurables::text[],
    $assistant_configurables::text[], $admission_positions::bigint[]
  ) with ordinality as admitted (
    run_id, thread_id, assistant_id, graph_id, status, reason, multitask_strategy, request, fingerprint,
    metadata, traceparent, lane_position, is_ready, blocked_by, source_offset, thread_status, details,
    is_temporary, delay_seconds, own_configurable, assistant_configurable, admission_position, ordinal
  )
),
inserted as (
  insert into runlane.runs (
    run_id, thread_id, assistant_id, graph_id, status, reason, multitask_strategy, request, fingerprint, metadata,
    traceparent, lane_position, ready_at, blocked_by, source_topic, source_partition, source_offset, run_ended_at,
    is_temporary, scheduled_at, own_configurable, assistant_configurable, admission_position
  )
  select
    run_id, thread_id, assistant_id, graph_id, status, reason, multitask_strategy, request::json,
    decode(fingerprint, 'hex'), metadata::json, traceparent, lane_position,
    case when is_ready then clock_timestamp() end, blocked_by, $source_topic, $source_partition, source_offset,
    case when status = 'rejected' then now() end, is_temporary,
    clock_timestamp() + delay_seconds * interval '1 second', own_configurable::jsonb, assistant_configurable::jsonb,
    admission_position
  from admitted
  order by ordinal
)
insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, thread_status, details, run_ended_at)
select
  run_id, thread_id, 'run.' || status, 1, 0, thread_status, details::json, case when status = 'rejected' then now() end
from admitted
where $stores_events
order by ordinal
