-- update-lanes
-- params  $1 thread_ids text[], $2 next_lane_positions bigint[], $3 whether a temporary run has made it and is alone on it
--         boolean[] (their rows are locked by the caller)
-- result  none; the threads have got a run and are busy
update runlane.threads as thread
set
  status = 'busy',
  next_lane_position = changed.next_lane_position,
  is_temporary = changed.is_temporary,
  updated_at = now()
from unnest($1::text[], $2::bigint[], $3::boolean[]) as changed (thread_id, next_lane_position, is_temporary)
where thread.thread_id = changed.thread_id
