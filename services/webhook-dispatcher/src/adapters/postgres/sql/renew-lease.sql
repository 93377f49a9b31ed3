-- renew-lease
-- params  $owner uuid, $endpoint_id bigint, $fencing_token bigint, $lease_ms bigint
-- result  as of renew-leases; none when the endpoint is no longer the owner's
-- locks   the endpoint, and nothing else while it waits for it
update webhooks.endpoints as endpoint
set lease_until = now() + $lease_ms * interval '1 millisecond'
where endpoint.endpoint_id = $endpoint_id
  and endpoint.fence = $fencing_token
  and endpoint.owner = $owner
returning
  endpoint.endpoint_id, coalesce(endpoint.recalled_at > endpoint.leased_at, false) as is_recalled,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as database_ms
