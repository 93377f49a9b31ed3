-- list-targets
-- params  $origin text, or null; $limit bigint
-- result  a row for each URL, by its hash, with its state and that of its endpoint: unhealthy ones first, then those in line; what is due is counted to 1,000
-- index   none for the order: it looks at all URLs
select
  endpoint.origin, target.url_hash, target.breaker, endpoint.breaker as origin_breaker,
  nullif(greatest(target.parked_until, endpoint.parked_until), 'infinity') as parked_until,
  coalesce(endpoint.paused_at, target.paused_at) as paused_at,
  (
    select count(*)
    from (
      select
      from webhooks.deliveries as delivery
      where delivery.url_hash = target.url_hash
        and delivery.state = 'due'
      limit 1000
    ) as counted
  ) as due_count,
  target.updated_at
from webhooks.targets as target
join webhooks.endpoints as endpoint using (endpoint_id)
where $origin::text is null or endpoint.origin = $origin
order by
  (target.breaker <> 'closed' or endpoint.breaker <> 'closed' or coalesce(endpoint.paused_at, target.paused_at) is not null) desc, target.next_due_at nulls last, target.url_hash
limit $limit
