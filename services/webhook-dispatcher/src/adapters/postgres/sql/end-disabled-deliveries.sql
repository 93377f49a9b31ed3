-- end-disabled-deliveries
-- params  $url_hash text, $limit integer
-- result  one row per delivery that ended; the caller holds the endpoint by its fencing token
-- index   due_deliveries_by_target
with picked as (
  select delivery_id
  from webhooks.deliveries
  where url_hash = $url_hash
    and state = 'due'
  limit $limit
),
left_line as (
  update webhooks.targets
  set next_due_at = null, updated_at = now()
  where url_hash = $url_hash
    and (select count(*) from picked) < $limit
)
update webhooks.deliveries as delivery
set
  state = 'dead',
  dead_reason = 'disabled',
  detail = 'The URL is disabled; a replay enables it again.',
  next_attempt_at = null,
  ended_at = now()
from picked
where delivery.delivery_id = picked.delivery_id
returning delivery.delivery_id
