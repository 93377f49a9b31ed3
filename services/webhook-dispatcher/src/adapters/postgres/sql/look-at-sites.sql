-- look-at-sites
-- params  $owner uuid, $limit integer, $lease_ms bigint, $per_site endpoints of a site
--         at once integer
-- result  the due sites of which the owner may lease endpoints, longest due first; looked_until: nobody else looks at them
--         earlier. lease-endpoints has to put back what is due by then. Its snapshot is later: it sees everything that was
--         committed before this statement, and a transaction that commits after it finds the site not due and brings it
--         forward
-- index   sites_by_due, leased_endpoints_by_site: a site is one row here, however many endpoints wait in it
-- locks   the sites; a locked site is being changed, and is looked at the next time
with picked as (
  select site
  from webhooks.sites as site
  where next_due_at <= now()
    and not exists (
      select
      from webhooks.endpoints as other
      where other.site = site.site
        and other.owner is not null
        and other.owner <> $owner
        and other.lease_until >= now()
    )
    and (
      select count(*)
      from webhooks.endpoints as other
      where other.site = site.site
        and other.owner = $owner
        and other.lease_until >= now()
    ) < $per_site
  order by next_due_at
  limit $limit
  for no key update skip locked
)
update webhooks.sites as site
-- To the millisecond, which is what comes back from the caller.
set next_due_at = date_trunc('milliseconds', now() + $lease_ms * interval '1 millisecond')
from picked
where site.site = picked.site
returning site.site, site.next_due_at as looked_until
