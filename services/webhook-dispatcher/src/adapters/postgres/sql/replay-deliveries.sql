-- replay-deliveries
-- params  $1 delivery_ids bigint[]
-- result  the deliveries that are due again; those that were due already are not among them
-- locks   the caller holds the endpoints. A disabled endpoint starts anew, and whoever holds its lease loses it, because
--         that one would write its old health back.
with replayed as (
  update webhooks.deliveries
  set
    state = 'due', dead_reason = null, detail = null, ended_at = null, next_attempt_at = null, attempts = 0,
    is_replay = true
  where delivery_id = any ($1::bigint[])
    and state <> 'due'
  returning delivery_id, endpoint_id
),
enabled as (
  update webhooks.endpoints as endpoint
  set
    health = case when breaker = 'disabled' then null else health end,
    owner = case when breaker = 'disabled' then null else owner end,
    leased_at = case when breaker = 'disabled' then null else leased_at end,
    lease_until = case when breaker = 'disabled' then null else lease_until end,
    fence = case when breaker = 'disabled' then fence + 1 else fence end,
    parked_until = case when breaker = 'disabled' then null else parked_until end,
    breaker = case when breaker = 'disabled' then 'closed' else breaker end,
    next_due_at = least(coalesce(next_due_at, now()), greatest(now(), parked_until))
  from (select distinct endpoint_id from replayed) as due
  where endpoint.endpoint_id = due.endpoint_id
)
select delivery_id
from replayed
order by delivery_id
