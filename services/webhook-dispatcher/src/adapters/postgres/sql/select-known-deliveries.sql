-- select-known-deliveries
-- params  $run_ids uuid[], $url_hashes text[], in pairs
-- result  every delivery of these runs to these URLs; the caller holds the endpoints
-- index   deliveries_in_lanes
select
  delivery.delivery_id, delivery.event_id, delivery.run_id, delivery.url_hash, delivery.sequence,
  delivery.state = 'due' as is_due,
  -- The clock of the statement, not of the transaction: what is due by now may be under way.
  delivery.state = 'due' and delivery.attempts > 0 and delivery.next_attempt_at > clock_timestamp() as is_retrying,
  delivery.is_terminal, delivery.is_replay
from unnest($run_ids::uuid[], $url_hashes::text[]) as wanted (run_id, url_hash)
join webhooks.deliveries as delivery using (run_id, url_hash)
