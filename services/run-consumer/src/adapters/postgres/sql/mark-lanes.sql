-- mark-lanes
-- params  one array per column: $thread_ids (their rows are locked by the caller), $through_positions, $actions,
--         $reasons, $superseded_by
-- result  none; the waiting runs of the threads through the positions have ended for everybody, and a sweep ends them
-- locks   the threads
with mark as (
  select *
  from unnest($thread_ids::text[], $through_positions::bigint[], $actions::text[], $reasons::text[], $superseded_by::uuid[])
    as mark (thread_id, through_position, action, reason, superseded_by)
),
kept as (
  insert into runlane.lane_ends (thread_id, through_position, ended_position, action, reason, superseded_by)
  select mark.thread_id, mark.through_position, thread.ended_through, mark.action, mark.reason, mark.superseded_by
  from mark
  join runlane.threads as thread using (thread_id)
  -- The thread was deleted in the meantime, and its positions began anew.
  on conflict (thread_id, through_position) do update set ended_position = excluded.ended_position
)
update runlane.threads as thread
set
  ended_through = mark.through_position,
  next_lane_position = greatest(thread.next_lane_position, mark.through_position + 1),
  updated_at = now()
from mark
where thread.thread_id = mark.thread_id
