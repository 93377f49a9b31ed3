-- delete-quarantined
-- params  $1 group_name text, $2 topic text, $3 partition integer, $4 record_offset bigint, $5 record_timestamp_ms bigint
-- result  one row when it was there
-- locks   the caller holds the account, under which it is to be counted otherwise
delete from webhooks.quarantine
where group_name = $1
  and topic = $2
  and partition = $3
  and record_offset = $4
  and record_timestamp_ms = $5
returning record_offset
