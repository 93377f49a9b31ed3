-- select-due-deliveries
-- params  $endpoint_ids bigint[], $url_limits URLs of each integer[], $delivery_limits deliveries of each URL integer[],
--         $only_succeeded only URLs that succeeded last boolean[], $held_delivery_ids bigint[] that are being looked after,
--         $without_url_hashes text[] to leave out, $max_body_bytes largest body to return, in bytes, integer
-- result  the URLs that are first in line, each with its deliveries whose time has come, longest due first, without
--         the bodies that are larger. A URL without any is one row without a delivery; so is a disabled one.
-- index   targets_in_line, due_deliveries_by_target: what waits for an earlier event of its run has no time
select
  target.endpoint_id, target.url_hash, target.health, target.breaker, delivery.delivery_id, delivery.event_id,
  delivery.run_id, delivery.url, delivery.sequence, delivery.is_terminal, delivery.is_replay, delivery.attempts,
  delivery.sends, (extract(epoch from now() - delivery.due_since) * 1000)::float8 as due_for_ms,
  octet_length(event.body) as body_bytes, case when octet_length(event.body) <= $max_body_bytes then event.body end as body,
  event.traceparent
from unnest($endpoint_ids::bigint[], $url_limits::integer[], $delivery_limits::integer[], $only_succeeded::boolean[])
  as wanted (endpoint_id, target_count, delivery_count, only_proven)
cross join lateral (
  select *
  from webhooks.targets
  where endpoint_id = wanted.endpoint_id
    and next_due_at <= now()
    and url_hash <> all ($without_url_hashes::text[])
    and (not wanted.only_proven or (health -> 'failing' = 'null' and (health ->> 'succeededAtMs')::float8 > 0))
  order by next_due_at
  limit wanted.target_count
) as target
left join lateral (
  select *
  from webhooks.deliveries
  where url_hash = target.url_hash
    and state = 'due'
    and next_attempt_at <= now()
    and delivery_id <> all ($held_delivery_ids::bigint[])
    and target.breaker <> 'disabled'
  order by next_attempt_at, delivery_id
  limit wanted.delivery_count
) as delivery on true
left join webhooks.events as event using (event_id)
order by target.next_due_at, target.url_hash, delivery.next_attempt_at, delivery.delivery_id
