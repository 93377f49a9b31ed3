-- advance-lane-end
-- params  $thread_id text (its row is locked by the caller), $through_position bigint, $ended_position bigint
-- result  none; the marked runs up to the position have ended
update runlane.lane_ends
set ended_position = $ended_position
where thread_id = $thread_id
  and through_position = $through_position
