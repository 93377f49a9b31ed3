-- prune-webhook-events
-- params  $age_ms bigint, $limit integer
-- result  one row per body that was deleted: old ones without a delivery
-- index   events_by_age
with oldest as (
  select event_id
  from webhooks.events as event
  where created_at < now() - $age_ms * interval '1 millisecond'
    and not exists (select from webhooks.deliveries where event_id = event.event_id)
  limit $limit
  for update skip locked
)
delete from webhooks.events as event
using oldest
where event.event_id = oldest.event_id
returning event.event_id
