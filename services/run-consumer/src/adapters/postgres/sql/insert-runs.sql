-- insert-runs
-- params  $1 source_topic text, $2 source_partition integer, then one array per column, in log order; $25 whether to
--         store their events here, boolean: cancel-runs does where others come in between
-- result  none; a run_id that another transaction inserted meanwhile is a unique violation, and the batch is read again
-- events  one per run, in the same order (I5, I6)
with admitted as (
  select *
  from unnest(
    $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
    $12::text[], $13::text[], $14::bigint[], $15::boolean[], $16::uuid[], $17::bigint[], $18::text[], $19::text[],
    $20::boolean[], $21::double precision[], $22::text[], $23::text[], $24::bigint[]
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
    case when is_ready then clock_timestamp() end, blocked_by, $1, $2, source_offset,
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
where $25
order by ordinal
