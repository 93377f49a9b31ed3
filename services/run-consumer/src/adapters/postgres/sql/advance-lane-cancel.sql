-- advance-lane-cancel
-- params  $thread_id text (its row is locked by the caller), $source_topic text, $source_partition integer,
--         $before_offset bigint, $ended_position bigint
-- result  none; the runs up to the position were looked at
update runlane.lane_cancels
set ended_position = $ended_position
where thread_id = $thread_id
  and source_topic = $source_topic
  and source_partition = $source_partition
  and before_offset = $before_offset
