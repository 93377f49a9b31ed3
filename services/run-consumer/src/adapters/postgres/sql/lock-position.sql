-- lock-position
-- params  $group_name text, $topic text, $partition integer
-- result  one row: the last record that is in the ledger; position -1 before the first
-- locks   the position row: two members with the same partition during a rebalance take turns
insert into runlane.consumer_positions as held (group_name, topic, partition, position, record_timestamp_ms)
values ($group_name, $topic, $partition, -1, 0)
on conflict (group_name, topic, partition) do update
set updated_at = held.updated_at
returning position, record_timestamp_ms
