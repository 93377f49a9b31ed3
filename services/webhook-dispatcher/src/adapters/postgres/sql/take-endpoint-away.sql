-- take-endpoint-away
-- params  $endpoint_id bigint
-- result  none: whoever holds its lease loses it, because that one would write its old health back
-- locks   the caller holds the endpoint; its site
with taken as (
  update webhooks.endpoints as endpoint
  set
    owner = null, leased_at = null, lease_until = null, fence = fence + 1,
    next_due_at = (
      select greatest(next_due_at, now(), endpoint.parked_until)
      from webhooks.targets as target
      where target.endpoint_id = endpoint.endpoint_id
        and next_due_at is not null
      order by next_due_at
      limit 1
    )
  where endpoint_id = $endpoint_id
  returning endpoint.site, endpoint.next_due_at
)
insert into webhooks.sites as site (site, next_due_at)
select site, next_due_at
from taken
where next_due_at is not null
on conflict (site) do update
set next_due_at = excluded.next_due_at
where site.next_due_at is null
  or site.next_due_at > excluded.next_due_at
