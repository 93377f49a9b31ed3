-- ready-first-deliveries
-- params  $delivery_ids bigint[] that became due without a time
-- result  the URLs of them: the first due delivery of each run and URL gets its time, the others wait for it. Replays
--         have an order of their own: they are of the past, and hold nothing up.
-- locks   the caller holds the endpoints
with lanes as (
  select distinct run_id, url_hash, is_replay
  from webhooks.deliveries
  where delivery_id = any ($delivery_ids::bigint[])
),
readied as (
  update webhooks.deliveries as delivery
  set next_attempt_at = now()
  from lanes
  cross join lateral (
    select delivery_id
    from webhooks.deliveries
    where run_id = lanes.run_id
      and url_hash = lanes.url_hash
      and is_replay = lanes.is_replay
      and ended_at is null
    order by sequence, delivery_id
    limit 1
  ) as first
  where delivery.delivery_id = first.delivery_id
    and delivery.next_attempt_at is null
)
select distinct url_hash
from lanes
