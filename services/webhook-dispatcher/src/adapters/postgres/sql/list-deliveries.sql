-- list-deliveries
-- params  each null where it is not asked about: $delivery_id bigint, $before those made before it bigint, $run_id uuid, $origin text, $states text[],
--         $since made since timestamptz; $limit bigint
-- result  deliveries, the latest first, without their URL, which is a credential of the receiver
-- index   the primary key backwards, or deliveries_in_lanes
select
  delivery.delivery_id, delivery.event_id, delivery.run_id, delivery.sequence, delivery.event_type, endpoint.origin,
  delivery.url_hash, delivery.state, delivery.dead_reason, delivery.detail, delivery.next_attempt_at, delivery.attempts,
  delivery.sends, delivery.is_replay, delivery.created_at, delivery.ended_at
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
where ($delivery_id::bigint is null or delivery.delivery_id = $delivery_id)
  and ($before::bigint is null or delivery.delivery_id < $before)
  and ($run_id::uuid is null or delivery.run_id = $run_id)
  and ($origin::text is null or endpoint.origin = $origin)
  and ($states::text[] is null or delivery.state = any ($states))
  and ($since::timestamptz is null or delivery.created_at >= $since)
order by delivery.delivery_id desc
limit $limit
