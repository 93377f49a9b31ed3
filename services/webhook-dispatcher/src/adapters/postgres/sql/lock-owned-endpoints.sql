-- lock-owned-endpoints
-- params  $endpoint_ids bigint[], $fencing_tokens bigint[], $are_changed boolean[] whether the transaction changes the endpoint,
--         or the place in line of one of its URLs
-- result  the endpoints with the given fencing token; a missing one belongs to another process by now
-- locks   the endpoints, in the order of their ids: another owner writes to none of them in the meantime, and intake to none that
--         is changed. Those that are not are shared with it: most settlements and batches need not wait for each other
with lease as (
  select *
  from unnest($endpoint_ids::bigint[], $fencing_tokens::bigint[], $are_changed::boolean[])
    as lease (endpoint_id, fence, is_changed)
  order by endpoint_id
)
select lease.endpoint_id, lease.fence as fencing_token
from lease
left join lateral (
  select endpoint_id
  from webhooks.endpoints
  where endpoint_id = lease.endpoint_id
    and fence = lease.fence
    and lease.is_changed
  for no key update
) as changed on true
left join lateral (
  select endpoint_id
  from webhooks.endpoints
  where endpoint_id = lease.endpoint_id
    and fence = lease.fence
    and not lease.is_changed
  for share
) as shared on true
where coalesce(changed.endpoint_id, shared.endpoint_id) is not null
