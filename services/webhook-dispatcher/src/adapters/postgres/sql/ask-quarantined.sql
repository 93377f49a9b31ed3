-- ask-quarantined
-- params  $group_name text, $topic text, then conditions, null where not given: $partition integer, $record_offset bigint,
--         $code text; $limit bigint
-- result  the records that dispatchers have to read again, the longest quarantined first
with picked as (
  select group_name, topic, partition, record_offset, record_timestamp_ms
  from webhooks.quarantine
  where group_name = $group_name
    and topic = $topic
    and ($partition::integer is null or partition = $partition)
    and ($record_offset::bigint is null or record_offset = $record_offset)
    and ($code::text is null or code = $code)
  order by created_at, partition, record_offset
  limit $limit
)
update webhooks.quarantine as record
set asked_at = now()
from picked
where (record.group_name, record.topic, record.partition, record.record_offset, record.record_timestamp_ms)
  = (picked.group_name, picked.topic, picked.partition, picked.record_offset, picked.record_timestamp_ms)
returning record.partition, record.record_offset
