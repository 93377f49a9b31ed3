-- lock-endpoints-to-line-up
-- params  $endpoint_ids bigint[], distinct
-- result  the endpoints
-- locks   the endpoints, in the order of their ids. One that is due is shared with other batches and with settlements that take
--         nothing out of line: line-up-stored does not change it. Its due time is read without a lock; when that is no longer
--         true, line-up-stored waits for the others, and Postgres ends one of two that wait for each other, which is repeated
with stored as (
  select endpoint_id, next_due_at is null or next_due_at > greatest(now(), parked_until) as is_idle
  from webhooks.endpoints
  where endpoint_id = any ($endpoint_ids::bigint[])
  order by endpoint_id
)
select coalesce(woken.endpoint_id, shared.endpoint_id) as endpoint_id
from stored
left join lateral (
  select endpoint_id
  from webhooks.endpoints
  where endpoint_id = stored.endpoint_id
    and stored.is_idle
  for no key update
) as woken on true
left join lateral (
  select endpoint_id
  from webhooks.endpoints
  where endpoint_id = stored.endpoint_id
    and not stored.is_idle
  for share
) as shared on true
