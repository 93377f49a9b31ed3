-- skip-position
-- params  $group_name text, $topic text, $partition integer, $from_position bigint, $to_position bigint
-- result  one row when the position had the first value and now has the second: the topic has lost the records in between
update runlane.consumer_positions
set position = $to_position, record_timestamp_ms = 0, updated_at = now()
where group_name = $group_name
  and topic = $topic
  and partition = $partition
  and position = $from_position
returning partition
