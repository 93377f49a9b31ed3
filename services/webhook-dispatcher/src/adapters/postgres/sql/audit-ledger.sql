-- audit-ledger
-- params  $group_name text, $topic text
-- result  one row per partition: what was done with its offsets. gap counts the offsets of which nothing is known, and must
--         be 0; lost those that the topic had deleted before they were read.
-- index   none: it counts every row, so it is not for each second
with held as (
  select
    source_partition as partition,
    count(*) filter (where state = 'delivered') as delivered,
    count(*) filter (where state = 'dead') as dead,
    count(*) filter (
      where state = 'due' and (
        endpoint.breaker = 'open' or coalesce(endpoint.parked_until > now(), false)
        or target.breaker = 'open' or coalesce(target.parked_until > now(), false)
      )
    ) as parked,
    count(*) as total
  from webhooks.deliveries as delivery
  join webhooks.endpoints as endpoint using (endpoint_id)
  left join webhooks.targets as target using (url_hash)
  where source_topic = $topic
  group by source_partition
),
quarantined as (
  select partition, count(*) as total
  from webhooks.quarantine
  where group_name = $group_name
    and topic = $topic
  group by partition
)
select
  account.partition,
  account.position,
  account.position - account.first_offset + 1 as offsets,
  account.without_target_count as without_target,
  account.repeat_count as repeats,
  coalesce(held.delivered, 0) as delivered,
  coalesce(held.total - held.delivered - held.dead - held.parked, 0) as due,
  coalesce(held.parked, 0) as parked,
  coalesce(held.dead, 0) as dead,
  coalesce(quarantined.total, 0) as quarantined,
  account.pruned_delivery_count + account.pruned_quarantine_count as pruned,
  account.lost_count as lost,
  abs(
    account.position - account.first_offset + 1
    - account.absent_count - account.without_target_count - account.repeat_count
    - account.delivery_count - account.quarantined_count
  )
  + abs(account.delivery_count - account.pruned_delivery_count - coalesce(held.total, 0))
  + abs(account.quarantined_count - account.pruned_quarantine_count - coalesce(quarantined.total, 0)) as gap
from webhooks.accounts as account
left join held using (partition)
left join quarantined using (partition)
where account.group_name = $group_name
  and account.topic = $topic
order by account.partition
