-- insert-quarantined
-- params  $group_name text, $topic text, $partition integer, then one array per column: $offsets,
--         $timestamps_ms, $keys, $values, $headers (JSON), $codes, $messages
-- result  none
insert into webhooks.quarantine (
  group_name, topic, partition, record_offset, record_timestamp_ms, key, value, headers, code, message
)
select $group_name, $topic, $partition, record_offset, record_timestamp_ms, key, value, headers::jsonb, code, message
from unnest(
  $offsets::bigint[], $timestamps_ms::bigint[], $keys::bytea[], $values::bytea[], $headers::text[], $codes::text[],
  $messages::text[]
)
  as record (record_offset, record_timestamp_ms, key, value, headers, code, message)
