-- release-endpoints
-- params  one array per column: $endpoint_ids, $origin_healths (JSON), $origin_breakers, $origin_parked_until_ms (ms
--         since 1970; 0: not), $rest_ms how long each shall rest in milliseconds
-- result  none; the caller holds the endpoints by their fencing tokens since a statement before this one, so that every delivery
--         which intake has committed is seen here
-- index   targets_in_line, endpoints_in_line, leased_endpoints_by_site
-- locks   the sites, in order
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
),
free as (
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
  returning endpoint.site, endpoint.next_due_at
),
-- The statement sees the endpoints as they were before it: what it releases itself is taken from its own results.
waiting as (
  select
    site.site, site.next_due_at as seen_at,
    least(
      freed.due_at,
      (
        select next_due_at
        from webhooks.endpoints
        where endpoints.site = site.site
          and next_due_at is not null
          and owner is null
        order by next_due_at
        limit 1
      ),
      (
        select min(lease_until)
        from webhooks.endpoints
        where endpoints.site = site.site
          and owner is not null
          and endpoint_id not in (select endpoint_id from released)
      )
    ) as due_at
  from (select site, min(next_due_at) as due_at from free group by site) as freed
  join webhooks.sites as site using (site)
),
in_order as (
  select site.site
  from webhooks.sites as site
  join waiting using (site)
  where waiting.due_at is distinct from waiting.seen_at
  order by site.site
  for no key update of site
)
update webhooks.sites as site
-- It may be raised only when it was not due, and nobody has brought it forward since: a site that is due tells nobody that
-- something of it has come due.
set next_due_at = case
  when site.next_due_at = waiting.seen_at and waiting.seen_at > now() then waiting.due_at
  else least(site.next_due_at, waiting.due_at)
end
from in_order
join waiting using (site)
where site.site = in_order.site
