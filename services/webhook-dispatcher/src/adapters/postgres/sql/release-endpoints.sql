-- release-endpoints
-- params  $1 endpoint_ids bigint[], $2 how long each shall rest in milliseconds bigint[]
-- result  none; the caller holds the endpoints by their fences since a statement before this one, so that every delivery
--         which intake has committed is seen here
-- index   deliveries_to_attempt
with released as (
  select
    endpoint_id,
    rest_ms,
    (
      select next_attempt_at
      from webhooks.deliveries as delivery
      where delivery.endpoint_id = given.endpoint_id
        and next_attempt_at is not null
      order by next_attempt_at
      limit 1
    ) as due_at
  from unnest($1::bigint[], $2::bigint[]) as given (endpoint_id, rest_ms)
)
update webhooks.endpoints as endpoint
set
  owner = null,
  leased_at = null,
  lease_until = null,
  next_due_at = case when due_at is not null then greatest(due_at, now() + rest_ms * interval '1 millisecond') end,
  updated_at = now()
from released
where endpoint.endpoint_id = released.endpoint_id
