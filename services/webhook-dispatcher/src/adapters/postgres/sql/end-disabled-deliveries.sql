-- end-disabled-deliveries
-- params  $1 endpoint_id bigint, $2 how many integer
-- result  one row per delivery that ended; the caller holds the endpoint by its fence
-- index   due_deliveries_by_endpoint
with picked as (
  select delivery_id
  from webhooks.deliveries
  where endpoint_id = $1
    and state = 'due'
  order by created_at
  limit $2
)
update webhooks.deliveries as delivery
set
  state = 'dead',
  dead_reason = 'disabled',
  detail = 'The endpoint is disabled; a replay enables it again.',
  next_attempt_at = null,
  ended_at = now()
from picked
where delivery.delivery_id = picked.delivery_id
returning delivery.delivery_id
