-- line-up-stored
-- params  $url_hashes text[] distinct, of which something was stored that is due now, $endpoint_ids bigint[] of each
-- result  none; the URLs, their endpoints and sites are in line
-- locks   the caller has locked the endpoints in an earlier statement, so that this one sees what others have written about
--         the line; then the URLs, and the sites of endpoints that nobody has leased, each in order. An endpoint that is due
--         stays as it is: whoever has or gets its lease gives it back only under a lock that waits for the caller
with added as (
  insert into webhooks.targets as target (url_hash, endpoint_id, next_due_at)
  select url_hash, endpoint_id, now()
  from unnest($url_hashes::text[], $endpoint_ids::bigint[]) as stored (url_hash, endpoint_id)
  -- URLs that are in line are not locked: nobody takes them out of it, because the caller holds the endpoints.
  where not exists (
    select
    from webhooks.targets as present
    where present.url_hash = stored.url_hash
      and present.next_due_at <= now()
  )
  order by url_hash
  on conflict (url_hash) do update
  set next_due_at = greatest(now(), target.parked_until)
  where target.next_due_at is null
    or target.next_due_at > greatest(now(), target.parked_until)
  returning endpoint_id, next_due_at
),
lined as (
  select added.*
  from added
  join webhooks.endpoints as endpoint using (endpoint_id)
  where endpoint.next_due_at is null
    or endpoint.next_due_at > greatest(added.next_due_at, endpoint.parked_until)
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
