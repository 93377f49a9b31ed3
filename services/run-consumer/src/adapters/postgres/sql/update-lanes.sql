-- update-lanes
-- params  $thread_ids text[], $next_lane_positions bigint[] (their rows are locked by the caller)
-- result  none; the threads have got a run and are busy
update runlane.threads as thread
set status = 'busy', next_lane_position = changed.next_lane_position, updated_at = now()
from unnest($thread_ids::text[], $next_lane_positions::bigint[]) as changed (thread_id, next_lane_position)
where thread.thread_id = changed.thread_id
