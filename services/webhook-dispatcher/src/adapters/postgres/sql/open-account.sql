-- open-account
-- params  $group_name text, $topic text, $partition integer, $first_offset bigint
-- result  one row: the partition's account, a new one when there was none
-- locks   the account: two members that hold one partition during a rebalance take turns
insert into webhooks.accounts as held (group_name, topic, partition, first_offset, position, record_timestamp_ms)
values ($group_name, $topic, $partition, $first_offset::bigint, $first_offset::bigint - 1, 0)
on conflict (group_name, topic, partition) do update
set updated_at = held.updated_at
returning first_offset, position, record_timestamp_ms
