-- list-deliveries
-- params  each null where it is not asked about: $1 delivery_id bigint, $2 run_id uuid, $3 origin text, $4 states text[],
--         $5 made since timestamptz; $6 how many bigint
-- result  deliveries, the latest first, without their URL, which is a credential of the receiver
-- index   the primary key backwards, or deliveries_in_lanes
select
  delivery.delivery_id, delivery.event_id, delivery.run_id, delivery.sequence, delivery.event_type, endpoint.origin,
  delivery.url_hash, delivery.state, delivery.dead_reason, delivery.detail, delivery.next_attempt_at, delivery.attempts,
  delivery.sends, delivery.is_replay, delivery.created_at, delivery.ended_at
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
where ($1::bigint is null or delivery.delivery_id = $1)
  and ($2::uuid is null or delivery.run_id = $2)
  and ($3::text is null or endpoint.origin = $3)
  and ($4::text[] is null or delivery.state = any ($4))
  and ($5::timestamptz is null or delivery.created_at >= $5)
order by delivery.delivery_id desc
limit $6
