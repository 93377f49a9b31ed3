-- select-to-read-again
-- params  $1 group_name text, $2 topic text, $3 codes text[] of which all are read again, asked for or not; where to go on, all 0
--         to begin: $4 partition integer, $5 record_offset bigint, $6 record_timestamp_ms bigint; $7 how many bigint
-- result  records in quarantine, byte for byte
-- index   asked_quarantine, or quarantine_pkey
select partition, record_offset, record_timestamp_ms, key, value, headers
from webhooks.quarantine
where group_name = $1
  and topic = $2
  and (asked_at is not null or code = any ($3::text[]))
  and (partition, record_offset, record_timestamp_ms) > ($4::integer, $5::bigint, $6::bigint)
order by partition, record_offset, record_timestamp_ms
limit $7
