-- delete-lane-cancel
-- params  $1 thread_id text (its row is locked by the caller), $2 source_topic text, $3 source_partition integer,
--         $4 before_offset bigint
-- result  none; all runs were looked at
delete from runlane.lane_cancels
where thread_id = $1
  and source_topic = $2
  and source_partition = $3
  and before_offset = $4
