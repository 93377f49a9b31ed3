-- ask-quarantined
-- params  $1 group_name text, $2 topic text, then conditions, null where not given: $3 partition integer, $4 record_offset bigint,
--         $5 code text; $6 how many bigint
-- result  the records that dispatchers shall read again, the longest quarantined first
with picked as (
  select group_name, topic, partition, record_offset, record_timestamp_ms
  from webhooks.quarantine
  where group_name = $1
    and topic = $2
    and ($3::integer is null or partition = $3)
    and ($4::bigint is null or record_offset = $4)
    and ($5::text is null or code = $5)
  order by created_at, partition, record_offset
  limit $6
)
update webhooks.quarantine as record
set asked_at = now()
from picked
where (record.group_name, record.topic, record.partition, record.record_offset, record.record_timestamp_ms)
  = (picked.group_name, picked.topic, picked.partition, picked.record_offset, picked.record_timestamp_ms)
returning record.partition, record.record_offset
