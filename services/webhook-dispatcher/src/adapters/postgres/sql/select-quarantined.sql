-- select-quarantined
-- params  $1 group_name text, $2 topic text; lists in pairs: $3 partitions integer[], $4 offsets bigint[]
-- result  those of the records that are still in quarantine, with why, and whether none has read them again yet
-- index   quarantine_pkey
select record.partition, record.record_offset, record.code, record.message, record.asked_at is not null as is_asked
from unnest($3::integer[], $4::bigint[]) as wanted (partition, record_offset)
join webhooks.quarantine as record using (partition, record_offset)
where record.group_name = $1
  and record.topic = $2
order by record.partition, record.record_offset
