-- note-quarantined
-- params  $group_name text, $topic text, $partition integer, $record_offset bigint, $record_timestamp_ms bigint, $code
--         text, $message text
-- result  none: it was read again, and this is wrong with it now
update webhooks.quarantine
set asked_at = null, code = $code, message = $message
where group_name = $group_name
  and topic = $topic
  and partition = $partition
  and record_offset = $record_offset
  and record_timestamp_ms = $record_timestamp_ms
