-- replay-deliveries
-- params  $delivery_ids bigint[]
-- result  the deliveries that are due again; those that were due already are not among them
-- locks   the caller holds the endpoints. A disabled URL starts anew, and whoever holds the lease of its endpoint loses it,
--         because that one would write its old health back.
with replayed as (
  update webhooks.deliveries
  set
    state = 'due', dead_reason = null, detail = null, ended_at = null, next_attempt_at = null, attempts = 0,
    is_replay = true, due_since = now()
  where delivery_id = any ($delivery_ids::bigint[])
    and state <> 'due'
  returning delivery_id, url_hash
),
enabled as (
  update webhooks.targets as target
  set health = null, parked_until = null, breaker = 'closed', updated_at = now()
  where url_hash in (select url_hash from replayed)
    and breaker = 'disabled'
  returning endpoint_id
),
taken_away as (
  update webhooks.endpoints as endpoint
  set owner = null, leased_at = null, lease_until = null, fence = fence + 1, next_due_at = now()
  where endpoint_id in (select endpoint_id from enabled)
)
select delivery_id
from replayed
order by delivery_id
