-- prune-quarantine
-- params  $age_ms bigint, $limit integer
-- result  one row per record that was deleted
-- locks   the accounts, so that what was counted stays counted
with oldest as (
  select group_name, topic, partition, record_offset, record_timestamp_ms
  from webhooks.quarantine
  where created_at < now() - $age_ms * interval '1 millisecond'
  limit $limit
  for update skip locked
),
pruned as (
  delete from webhooks.quarantine as record
  using oldest
  where (record.group_name, record.topic, record.partition, record.record_offset, record.record_timestamp_ms)
    = (oldest.group_name, oldest.topic, oldest.partition, oldest.record_offset, oldest.record_timestamp_ms)
  returning record.group_name, record.topic, record.partition, record.record_offset
),
counted as (
  update webhooks.accounts as account
  set pruned_quarantine_count = account.pruned_quarantine_count + pruned_of.count
  from (select group_name, topic, partition, count(*) from pruned group by 1, 2, 3) as pruned_of
  where account.group_name = pruned_of.group_name
    and account.topic = pruned_of.topic
    and account.partition = pruned_of.partition
)
select record_offset
from pruned
