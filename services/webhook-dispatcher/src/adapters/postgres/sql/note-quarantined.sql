-- note-quarantined
-- params  $1 group_name text, $2 topic text, $3 partition integer, $4 record_offset bigint, $5 record_timestamp_ms bigint, $6 code
--         text, $7 message text
-- result  none: it was read again, and this is wrong with it now
update webhooks.quarantine
set asked_at = null, code = $6, message = $7
where group_name = $1
  and topic = $2
  and partition = $3
  and record_offset = $4
  and record_timestamp_ms = $5
