-- watch-deliveries
-- params  none
-- result  one row, ages in seconds: the oldest delivery whose time has come, the same without parked URLs and endpoints, the
--         oldest lease; how many breakers are open and URLs disabled
-- index   targets_in_line, due_deliveries_by_target, leased_endpoints_by_site
with oldest as (
  select
    delivery.next_attempt_at,
    endpoint.breaker = 'open' or coalesce(endpoint.parked_until > now(), false)
    or target.breaker = 'open' or coalesce(target.parked_until > now(), false) as is_parked
  from webhooks.targets as target
  join webhooks.endpoints as endpoint using (endpoint_id)
  cross join lateral (
    select next_attempt_at
    from webhooks.deliveries
    where url_hash = target.url_hash
      and state = 'due'
      and next_attempt_at <= now()
    order by next_attempt_at
    limit 1
  ) as delivery
  where target.next_due_at is not null
)
select
  extract(epoch from now() - min(next_attempt_at))::float8 as oldest_due_seconds,
  extract(epoch from now() - min(next_attempt_at) filter (where not is_parked))::float8 as oldest_served_due_seconds,
  (
    select extract(epoch from now() - min(leased_at))::float8
    from webhooks.endpoints
    where owner is not null
  ) as oldest_lease_seconds,
  (
    (select count(*) from webhooks.endpoints where breaker = 'open')
    + (select count(*) from webhooks.targets where breaker = 'open')
  )::integer as open_breakers,
  (select count(*) from webhooks.targets where breaker = 'disabled')::integer as disabled_endpoints
from oldest
