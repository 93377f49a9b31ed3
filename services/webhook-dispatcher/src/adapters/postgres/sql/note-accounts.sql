-- note-accounts
-- params  $group_name text, $topic text, $partitions integer[], $positions bigint[]
-- result  none; partitions that have an account keep it
insert into webhooks.accounts (group_name, topic, partition, first_offset, position, record_timestamp_ms)
select $group_name, $topic, partition, position + 1, position, 0
from unnest($partitions::integer[], $positions::bigint[]) as noted (partition, position)
on conflict (group_name, topic, partition) do nothing
