-- lock-position
-- params  $1 group_name text, $2 topic text, $3 partition integer
-- result  one row: the last record that is in the ledger; position -1 before the first
-- locks   the position row: two members that hold one partition during a rebalance take turns
insert into runlane.consumer_positions as held (group_name, topic, partition, position, record_timestamp_ms)
values ($1, $2, $3, -1, 0)
on conflict (group_name, topic, partition) do update
set updated_at = held.updated_at
returning position, record_timestamp_ms
