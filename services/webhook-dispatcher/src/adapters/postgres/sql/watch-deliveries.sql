-- watch-deliveries
-- params  none
-- result  one row, ages in seconds: the oldest delivery whose time has come, the same without parked endpoints, the oldest
--         lease
-- index   deliveries_to_attempt gives each endpoint's oldest; leased_endpoints_by_site
select
  extract(epoch from now() - min(oldest.next_attempt_at))::float8 as oldest_due_seconds,
  extract(
    epoch from now() - min(oldest.next_attempt_at) filter (
      where endpoint.breaker <> 'open' and (endpoint.parked_until is null or endpoint.parked_until <= now())
    )
  )::float8 as oldest_served_due_seconds,
  extract(epoch from now() - min(endpoint.leased_at))::float8 as oldest_lease_seconds,
  count(*) filter (where endpoint.breaker = 'open')::integer as open_breakers,
  count(*) filter (where endpoint.breaker = 'disabled')::integer as disabled_endpoints
from webhooks.endpoints as endpoint
left join lateral (
  select next_attempt_at
  from webhooks.deliveries
  where endpoint_id = endpoint.endpoint_id
    and next_attempt_at <= now()
  order by next_attempt_at
  limit 1
) as oldest on true
