-- delete-lane-cancel
-- params  $thread_id text (its row is locked by the caller), $source_topic text, $source_partition integer,
--         $before_offset bigint
-- result  none; all runs were looked at
delete from runlane.lane_cancels
where thread_id = $thread_id
  and source_topic = $source_topic
  and source_partition = $source_partition
  and before_offset = $before_offset
