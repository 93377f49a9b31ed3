-- delete-quarantined
-- params  $group_name text, $topic text, $partition integer, $record_offset bigint, $record_timestamp_ms bigint
-- result  one row when it was there
-- locks   the caller holds the account, which has to count the record differently now
delete from webhooks.quarantine
where group_name = $group_name
  and topic = $topic
  and partition = $partition
  and record_offset = $record_offset
  and record_timestamp_ms = $record_timestamp_ms
returning record_offset
