-- delete-lane-end
-- params  $thread_id text (its row is locked by the caller), $through_position bigint
-- result  none; all runs of the mark have ended
delete from runlane.lane_ends
where thread_id = $thread_id
  and through_position = $through_position
