-- lease-endpoints
-- params  $owner uuid, $limit integer, $lease_ms bigint, $per_site endpoints of a site
--         at once integer, $held_endpoint_ids bigint[] that the owner has, and renews: another fencing token would make its
--         results void; $sites text[] and $looked_until timestamptz, as look-at-sites has returned them just before
-- result  the endpoints with something due whose lease the owner has now, the first of each site before the second of any;
--         database_ms, the clock
-- token the upper half counts, the lower half is the nonce of this lease: a lease that a ledger forgot, because it was put
--         back, and that is handed out again has another token. Tokens below 2^32 come from older versions
-- index   endpoints_in_line, leased_endpoints_by_site. A site is served by one owner at a time, so that its cap holds
--         over all of them, and with a few endpoints, so that a site of many cannot take all leases. Two may share one
--         for as long as a lease lasts, when something of it comes due between this statement and the one before it.
-- locks   endpoints that nobody else has locked, then the sites in order
with due as (
  select
    looked.site, endpoint.endpoint_id, endpoint.next_due_at,
    row_number() over (partition by looked.site order by endpoint.next_due_at) as place
  from unnest($sites::text[]) as looked (site)
  cross join lateral (
    select endpoint_id, next_due_at
    from webhooks.endpoints
    where site = looked.site
      and next_due_at <= now()
      and (lease_until is null or lease_until < now())
      and endpoint_id <> all ($held_endpoint_ids::bigint[])
    order by next_due_at
    limit greatest(0, $per_site - (
      select count(*)
      from webhooks.endpoints as other
      where other.site = looked.site
        and other.owner is not null
        and other.lease_until >= now()
    ))
    for no key update skip locked
  ) as endpoint
),
picked as (
  select *
  from due
  order by place, next_due_at
  limit $limit
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
  returning
    endpoint.endpoint_id, endpoint.fence, endpoint.origin, endpoint.site, endpoint.health, picked.place, picked.next_due_at
),
waiting as (
  select
    looked.site,
    least(
      (
        select next_due_at
        from webhooks.endpoints
        where site = looked.site
          and next_due_at is not null
          and (lease_until is null or lease_until < now())
          and endpoint_id not in (select endpoint_id from picked)
        order by next_due_at
        limit 1
      ),
      (
        select min(lease_until)
        from webhooks.endpoints
        where site = looked.site
          and owner is not null
          and lease_until >= now()
      ),
      (select $looked_until::timestamptz from picked where picked.site = looked.site limit 1)
    ) as due_at
  from unnest($sites::text[]) as looked (site)
),
in_order as (
  select site.site
  from webhooks.sites as site
  join waiting using (site)
  where waiting.due_at is null
    or waiting.due_at < $looked_until
  order by site.site
  for no key update of site
),
put_back as (
  update webhooks.sites as site
  -- The value differs from that of the look: a transaction that this statement may not see has brought it forward.
  set next_due_at = case when site.next_due_at = $looked_until then waiting.due_at else least(site.next_due_at, waiting.due_at) end
  from in_order
  join waiting using (site)
  where site.site = in_order.site
)
select
  endpoint_id, fence as fencing_token, origin, site, health,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as database_ms
from leased
order by place, next_due_at
