-- list-quarantine
-- params  $1 group_name text, $2 topic text; $3 partition integer and $4 record_offset bigint, both null for all; $5 how many
--         bigint
-- result  records that were put aside, the latest first
select partition, record_offset, record_timestamp_ms, key, value, headers, code, message, created_at
from webhooks.quarantine
where group_name = $1
  and topic = $2
  and ($3::integer is null or partition = $3)
  and ($4::bigint is null or record_offset = $4)
order by created_at desc, partition, record_offset desc
limit $5
