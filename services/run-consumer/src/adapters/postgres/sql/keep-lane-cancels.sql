-- keep-lane-cancels
-- params  one array per column: $thread_ids (their rows are locked by the caller), $through_positions, $actions,
--         $reasons, $superseded_by, $before_offsets; $source_topic text, $source_partition integer
-- result  none; a sweep looks through the waiting runs of the threads up to the positions. A cancel that is read again
--         begins anew
insert into runlane.lane_cancels (
  thread_id, source_topic, source_partition, before_offset, through_position, ended_position, action, reason, superseded_by
)
select
  cancel.thread_id, $source_topic, $source_partition, cancel.before_offset, cancel.through_position, thread.ended_through, cancel.action, cancel.reason,
  cancel.superseded_by
from unnest(
  $thread_ids::text[], $through_positions::bigint[], $actions::text[], $reasons::text[], $superseded_by::uuid[],
  $before_offsets::bigint[]
)
  as cancel (thread_id, through_position, action, reason, superseded_by, before_offset)
join runlane.threads as thread using (thread_id)
on conflict (thread_id, source_topic, source_partition, before_offset) do update
set
  through_position = excluded.through_position, ended_position = excluded.ended_position, action = excluded.action,
  reason = excluded.reason, superseded_by = excluded.superseded_by, created_at = excluded.created_at
