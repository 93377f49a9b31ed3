-- lease-endpoints
-- params  $owner uuid, $limit integer, $lease_ms bigint, $per_site endpoints of a site
--         at once integer
-- result  the endpoints with something due whose lease the owner has now, longest due first; database_ms, the clock
-- fence   the upper half counts, the lower half is the nonce of this lease: one that a ledger forgot, because it went back,
--         and that is handed out again has another fence. Fences below 2^32 are of before
-- index   endpoints_by_due, leased_endpoints_by_site. A site is served by one owner at a time, so that its cap holds over
--         all of them, and with a few endpoints, so that a site of many cannot take all leases. Two that lease in the
--         same instant may share a site for as long as a lease lasts; the rows of one statement do not see each other.
with picked as (
  select endpoint_id, next_due_at
  from webhooks.endpoints as endpoint
  where next_due_at <= now()
    and (lease_until is null or lease_until < now())
    and not exists (
      select
      from webhooks.endpoints as other
      where other.site = endpoint.site
        and other.owner is not null
        and other.owner <> $owner
        and other.lease_until >= now()
    )
    and (
      select count(*)
      from webhooks.endpoints as other
      where other.site = endpoint.site
        and other.owner = $owner
        and other.lease_until >= now()
    ) < $per_site
  order by next_due_at
  limit $limit
  for no key update skip locked
),
leased as (
  update webhooks.endpoints as endpoint
  set
    owner = $owner,
    fence = (((endpoint.fence >> 32) + 1) << 32) + floor(random() * 4294967296)::bigint,
    leased_at = now(),
    lease_until = now() + $lease_ms * interval '1 millisecond',
    updated_at = now()
  from picked
  where endpoint.endpoint_id = picked.endpoint_id
  returning endpoint.endpoint_id, endpoint.fence, endpoint.origin, endpoint.site, endpoint.health, picked.next_due_at
)
select
  endpoint_id, fence, origin, site, health,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as database_ms
from leased
order by next_due_at
