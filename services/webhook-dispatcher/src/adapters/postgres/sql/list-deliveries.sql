-- list-deliveries
-- params  $delivery_id bigint or $run_id uuid, the other one null; null where it is not asked about: $before those made
--         before it bigint, $origin text, $states text[], $since made since timestamptz; $limit bigint
-- result  deliveries, the latest first, without their URL, which is a credential of the receiver
-- index   the primary key or deliveries_in_lanes: costs as much as a run has deliveries
select
  delivery.delivery_id, delivery.event_id, delivery.run_id, delivery.sequence, delivery.event_type, endpoint.origin,
  delivery.url_hash, delivery.state, delivery.dead_reason, delivery.detail, delivery.next_attempt_at, delivery.attempts,
  delivery.sends, delivery.is_replay, delivery.created_at, delivery.ended_at
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
where (delivery.delivery_id = $delivery_id or delivery.run_id = $run_id)
  and ($before::bigint is null or delivery.delivery_id < $before)
  and ($origin::text is null or endpoint.origin = $origin)
  and ($states::text[] is null or delivery.state = any ($states))
  and ($since::timestamptz is null or delivery.created_at >= $since)
order by delivery.delivery_id desc
limit $limit
