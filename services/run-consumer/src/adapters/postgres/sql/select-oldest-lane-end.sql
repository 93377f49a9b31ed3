-- select-oldest-lane-end
-- params  $thread_id text (its row is locked by the caller)
-- result  the first entry of the thread to carry out, if there is one: a mark, or a cancel that spares the runs of a
--         partition from an offset on; and the status of the thread. An entry of a thread that was deleted and created anew
--         hits no run
-- index   the primary keys
select oldest.*, thread.status, thread.resting_status, thread.created_at > oldest.created_at as is_stale
from (
  select
    through_position, ended_position, action, reason, superseded_by, created_at,
    null as source_topic, null::integer as source_partition, null::bigint as before_offset
  from runlane.lane_ends
  where thread_id = $thread_id
  union all
  select
    through_position, ended_position, action, reason, superseded_by, created_at,
    source_topic, source_partition, before_offset
  from runlane.lane_cancels
  where thread_id = $thread_id
  order by through_position, before_offset nulls first
  limit 1
) as oldest
left join runlane.threads as thread on thread.thread_id = $thread_id
