-- renew-leases
-- params  $owner uuid, $endpoint_ids bigint[], $fencing_tokens bigint[], $lease_ms bigint
-- result  those endpoints that are still the owner's, and whether they are to be given back soon; database_ms, the clock. One
--         that somebody has locked is missing: renew-lease waits for it
-- locks   the endpoints that nobody has locked. Batches and settlements share them all the time, and whoever waited for one with
--         others in hand would hold up everything of those
with held as (
  select endpoint.endpoint_id
  from webhooks.endpoints as endpoint
  join unnest($endpoint_ids::bigint[], $fencing_tokens::bigint[]) as lease (endpoint_id, fence) using (endpoint_id, fence)
  where endpoint.owner = $owner
  for no key update of endpoint skip locked
)
update webhooks.endpoints as endpoint
set lease_until = now() + $lease_ms * interval '1 millisecond'
from held
where endpoint.endpoint_id = held.endpoint_id
returning
  endpoint.endpoint_id, coalesce(endpoint.recalled_at > endpoint.leased_at, false) as is_recalled,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as database_ms
