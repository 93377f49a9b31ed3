-- release-endpoints
-- params  one array per column: $endpoint_ids, $origin_healths (JSON), $origin_breakers, $origin_parked_until_ms (ms
--         since 1970; 0: not), $rest_ms how long each shall rest in milliseconds
-- result  none; the caller holds the endpoints by their fences since a statement before this one, so that every delivery
--         which intake has committed is seen here
-- index   targets_in_line
with released as (
  select
    given.*,
    (
      select next_due_at
      from webhooks.targets as target
      where target.endpoint_id = given.endpoint_id
        and next_due_at is not null
      order by next_due_at
      limit 1
    ) as due_at
  from unnest($endpoint_ids::bigint[], $origin_healths::text[], $origin_breakers::text[], $origin_parked_until_ms::bigint[], $rest_ms::bigint[])
    as given (endpoint_id, health, breaker, parked_until_ms, rest_ms)
)
update webhooks.endpoints as endpoint
set
  health = released.health::jsonb,
  breaker = released.breaker,
  parked_until = case when parked_until_ms > 0 then to_timestamp(parked_until_ms / 1000.0) end,
  owner = null,
  leased_at = null,
  lease_until = null,
  next_due_at = case when due_at is not null then greatest(due_at, now() + rest_ms * interval '1 millisecond') end,
  updated_at = now()
from released
where endpoint.endpoint_id = released.endpoint_id
