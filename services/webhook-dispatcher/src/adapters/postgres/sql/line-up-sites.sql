-- line-up-sites
-- params  none
-- result  the sites that were not in line although their endpoints have due deliveries: a process of an older version knows
--         no sites, and a process may have died between look-at-sites and lease-endpoints
-- index   none: it walks all endpoints that are due or leased, so it is not for each second
-- locks   those sites, in order
with found as (
  select site, min(case when owner is null then next_due_at else lease_until end) as due_at
  from webhooks.endpoints
  where next_due_at is not null
    or owner is not null
  group by site
)
insert into webhooks.sites as site (site, next_due_at)
select site, found.due_at
from found
left join webhooks.sites as known using (site)
where found.due_at is not null
  and (known.next_due_at is null or known.next_due_at > found.due_at)
order by site
on conflict (site) do update
set next_due_at = least(site.next_due_at, excluded.next_due_at)
returning site.site
