-- move-position
-- params  $1 group_name text, $2 topic text, $3 partition integer, $4 position bigint, $5 record_timestamp_ms bigint
-- result  none; the row is locked by the caller
update runlane.consumer_positions
set position = $4, record_timestamp_ms = $5, updated_at = now()
where group_name = $1
  and topic = $2
  and partition = $3
