-- line-up-targets
-- params  $url_hashes text[], distinct
-- result  none; each URL has the place in line that its due deliveries give it, and its endpoint becomes due in time
-- index   due_deliveries_by_target
-- locks   the caller holds the endpoints; the sites of those that nobody has leased, in order
with due as (
  select first.*
  from unnest($url_hashes::text[]) as wanted (url_hash)
  cross join lateral (
    select url_hash, endpoint_id, next_attempt_at
    from webhooks.deliveries
    where url_hash = wanted.url_hash
      and state = 'due'
      and next_attempt_at is not null
    order by next_attempt_at
    limit 1
  ) as first
),
idle as (
  update webhooks.targets
  set next_due_at = null, updated_at = now()
  where url_hash = any ($url_hashes::text[])
    and url_hash not in (select url_hash from due)
),
lined as (
  insert into webhooks.targets as target (url_hash, endpoint_id, next_due_at)
  select url_hash, endpoint_id, greatest(next_attempt_at, now())
  from due
  order by url_hash
  on conflict (url_hash) do update
  set next_due_at = greatest(excluded.next_due_at, target.parked_until)
  returning endpoint_id, next_due_at
),
woken as (
  update webhooks.endpoints as endpoint
  set next_due_at = least(endpoint.next_due_at, greatest(line.due_at, endpoint.parked_until))
  from (select endpoint_id, min(next_due_at) as due_at from lined group by endpoint_id) as line
  where endpoint.endpoint_id = line.endpoint_id
  returning endpoint.site, endpoint.owner, endpoint.next_due_at
)
-- Locks the site even if it is due already: a look at it must not miss what is not committed yet.
insert into webhooks.sites as site (site, next_due_at)
select site, min(next_due_at)
from woken
where owner is null
group by site
order by site
on conflict (site) do update
set next_due_at = excluded.next_due_at
where site.next_due_at is null
  or site.next_due_at > excluded.next_due_at
