-- insert-quarantined
-- params  $1 group_name text, $2 topic text, $3 partition integer, then one array per column: $4 offsets,
--         $5 timestamps, $6 keys, $7 values, $8 headers (JSON), $9 codes, $10 messages
-- result  none
insert into webhooks.quarantine (
  group_name, topic, partition, record_offset, record_timestamp_ms, key, value, headers, code, message
)
select $1, $2, $3, record_offset, record_timestamp_ms, key, value, headers::jsonb, code, message
from unnest($4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[], $8::text[], $9::text[], $10::text[])
  as record (record_offset, record_timestamp_ms, key, value, headers, code, message)
