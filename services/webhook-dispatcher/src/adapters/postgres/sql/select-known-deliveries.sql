-- select-known-deliveries
-- params  $run_ids uuid[], $url_hashes text[], in pairs
-- result  every delivery of these runs to these URLs; the caller holds the endpoints
-- index   deliveries_in_lanes: one look for each pair. As a join, the planner may read all that there is instead, when the plan
--         was made while there was little
select
  delivery.delivery_id, delivery.event_id, delivery.run_id, delivery.url_hash, delivery.sequence,
  delivery.state = 'due' as is_due,
  -- The clock of the statement, not of the transaction: what is due by now may be under way.
  delivery.state = 'due' and delivery.attempts > 0 and delivery.next_attempt_at > clock_timestamp() as is_retrying,
  delivery.is_terminal, delivery.is_replay
from unnest($run_ids::uuid[], $url_hashes::text[]) as wanted (run_id, url_hash)
cross join lateral (
  select *
  from webhooks.deliveries
  where run_id = wanted.run_id
    and url_hash = wanted.url_hash
  offset 0
) as delivery
