-- advance-lane-end
-- params  $1 thread_id text (its row is locked by the caller), $2 through_position bigint, $3 ended_position bigint
-- result  none; the marked runs up to the position have ended
update runlane.lane_ends
set ended_position = $3
where thread_id = $1
  and through_position = $2
