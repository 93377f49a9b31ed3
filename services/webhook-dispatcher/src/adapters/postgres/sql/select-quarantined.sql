-- select-quarantined
-- params  $group_name text, $topic text; lists in pairs: $partitions integer[], $offsets bigint[]
-- result  those of the records that are still in quarantine, with why, and whether none has read them again yet
-- index   quarantine_pkey
select record.partition, record.record_offset, record.code, record.message, record.asked_at is not null as is_asked
from unnest($partitions::integer[], $offsets::bigint[]) as wanted (partition, record_offset)
join webhooks.quarantine as record using (partition, record_offset)
where record.group_name = $group_name
  and record.topic = $topic
order by record.partition, record.record_offset
