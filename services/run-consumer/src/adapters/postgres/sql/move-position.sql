-- move-position
-- params  $group_name text, $topic text, $partition integer, $position bigint, $record_timestamp_ms bigint
-- result  none; the row is locked by the caller
update runlane.consumer_positions
set position = $position, record_timestamp_ms = $record_timestamp_ms, updated_at = now()
where group_name = $group_name
  and topic = $topic
  and partition = $partition
