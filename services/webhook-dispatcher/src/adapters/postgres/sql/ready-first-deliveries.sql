-- ready-first-deliveries
-- params  $1 delivery_ids bigint[] that became due without a time
-- result  none: the first due delivery of each run and URL gets its time, the others wait for it
-- locks   the caller holds the endpoints
with lanes as (
  select distinct run_id, url_hash
  from webhooks.deliveries
  where delivery_id = any ($1::bigint[])
)
update webhooks.deliveries as delivery
set next_attempt_at = now()
from lanes
cross join lateral (
  select delivery_id
  from webhooks.deliveries
  where run_id = lanes.run_id
    and url_hash = lanes.url_hash
    and state = 'due'
  order by sequence, delivery_id
  limit 1
) as first
where delivery.delivery_id = first.delivery_id
  and delivery.next_attempt_at is null
