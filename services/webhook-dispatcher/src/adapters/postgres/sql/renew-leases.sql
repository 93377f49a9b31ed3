-- renew-leases
-- params  $owner uuid, $endpoint_ids bigint[], $fencing_tokens bigint[], $lease_ms bigint
-- result  the endpoints that are still the owner's, and whether they are to be given back soon; database_ms, the clock
-- locks   the endpoints, in the order of their ids
with held as (
  select endpoint.endpoint_id
  from webhooks.endpoints as endpoint
  join unnest($endpoint_ids::bigint[], $fencing_tokens::bigint[]) as lease (endpoint_id, fence) using (endpoint_id, fence)
  where endpoint.owner = $owner
  order by endpoint.endpoint_id
  for no key update of endpoint
)
update webhooks.endpoints as endpoint
set lease_until = now() + $lease_ms * interval '1 millisecond'
from held
where endpoint.endpoint_id = held.endpoint_id
returning
  endpoint.endpoint_id, coalesce(endpoint.recalled_at > endpoint.leased_at, false) as is_recalled,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as database_ms
