-- prune-deliveries
-- params  $age_ms bigint, $limit integer
-- result  one row per delivery that was deleted: delivered ones, the longest ended first, with their attempts. Dead
--         ones stay for a replay until they are twice as old.
-- index   ended_deliveries_by_age
-- locks   the accounts, so that what was counted stays counted
with oldest as (
  select delivery_id
  from webhooks.deliveries
  where ended_at < now() - $age_ms * interval '1 millisecond'
    and (state = 'delivered' or ended_at < now() - 2 * $age_ms * interval '1 millisecond')
  order by ended_at
  limit $limit
  for update skip locked
),
pruned as (
  delete from webhooks.deliveries as delivery
  using oldest
  where delivery.delivery_id = oldest.delivery_id
    and delivery.state <> 'due'
  returning delivery.delivery_id, delivery.source_topic, delivery.source_partition
),
their_attempts as (
  delete from webhooks.attempts as attempt
  using pruned
  where attempt.delivery_id = pruned.delivery_id
),
-- A version that relies on foreign keys leaves attempts behind.
left_behind as (
  delete from webhooks.attempts as attempt
  where attempt.delivery_id < (select min(delivery_id) from webhooks.deliveries)
),
counted as (
  update webhooks.accounts as account
  set pruned_delivery_count = account.pruned_delivery_count + pruned_of.count
  from (select source_topic, source_partition, count(*) from pruned group by 1, 2) as pruned_of
  where account.topic = pruned_of.source_topic
    and account.partition = pruned_of.source_partition
)
select delivery_id
from pruned
