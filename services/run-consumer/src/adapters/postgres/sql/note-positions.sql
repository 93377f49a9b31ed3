-- note-positions
-- params  $group_name text, $topic text, $partitions integer[], $positions bigint[]
-- result  none; partitions that have a position keep it
insert into runlane.consumer_positions (group_name, topic, partition, position, record_timestamp_ms)
select $group_name, $topic, partition, position, 0
from unnest($partitions::integer[], $positions::bigint[]) as noted (partition, position)
on conflict (group_name, topic, partition) do nothing
