-- open-account
-- params  $1 group_name text, $2 topic text, $3 partition integer, $4 first offset bigint
-- result  one row: the partition's account, a new one when there was none
-- locks   the account: two members that hold one partition during a rebalance take turns
insert into webhooks.accounts as held (group_name, topic, partition, first_offset, position, record_timestamp_ms)
values ($1, $2, $3, $4::bigint, $4::bigint - 1, 0)
on conflict (group_name, topic, partition) do update
set updated_at = held.updated_at
returning first_offset, position, record_timestamp_ms
