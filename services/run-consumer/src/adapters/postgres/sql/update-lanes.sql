-- update-lanes
-- params  $thread_ids text[], $next_lane_positions bigint[], $is_temporary whether a temporary run has made it and is
--         alone on it boolean[] (their rows are locked by the caller)
-- result  none; the threads have got a run and are busy
update runlane.threads as thread
set
  status = 'busy',
  next_lane_position = changed.next_lane_position,
  is_temporary = changed.is_temporary,
  updated_at = now()
from unnest(
  $thread_ids::text[], $next_lane_positions::bigint[], $is_temporary::boolean[]) as changed (thread_id,
  next_lane_position, is_temporary
)
where thread.thread_id = changed.thread_id
