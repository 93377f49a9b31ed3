-- delete-lane-end
-- params  $1 thread_id text (its row is locked by the caller), $2 through_position bigint
-- result  none; all runs of the mark have ended
delete from runlane.lane_ends
where thread_id = $1
  and through_position = $2
