-- select-to-read-again
-- params  $group_name text, $topic text, $codes text[] of which all are read again, asked for or not; where to go on,
--         all 0 to begin: $from_partition integer, $from_offset record_offset bigint, $from_timestamp_ms
--         record_timestamp_ms bigint; $limit bigint
-- result  records in quarantine, byte for byte
-- index   asked_quarantine, or quarantine_pkey
select partition, record_offset, record_timestamp_ms, key, value, headers
from webhooks.quarantine
where group_name = $group_name
  and topic = $topic
  and (asked_at is not null or code = any ($codes::text[]))
  and (partition, record_offset, record_timestamp_ms) > ($from_partition::integer, $from_offset::bigint,
  $from_timestamp_ms::bigint)
order by partition, record_offset, record_timestamp_ms
limit $limit
