-- list-quarantine
-- params  $group_name text, $topic text; $partition integer and $record_offset bigint, both null for all; $limit how many
--         bigint
-- result  records in quarantine, the latest first
select partition, record_offset, record_timestamp_ms, key, value, headers, code, message, created_at
from webhooks.quarantine
where group_name = $group_name
  and topic = $topic
  and ($partition::integer is null or partition = $partition)
  and ($record_offset::bigint is null or record_offset = $record_offset)
order by created_at desc, partition, record_offset desc
limit $limit
