-- count-replayable
-- params  as of select-replayable, without the last
-- result  one row: how many deliveries select-replayable would return in all
select count(*) as count
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
where delivery.delivery_id > $1
  and delivery.delivery_id <= $2
  and delivery.state <> 'due'
  and ($3::bigint[] is null or delivery.delivery_id = any ($3))
  and ($4::uuid is null or delivery.run_id = $4)
  and ($5::text is null or endpoint.origin = $5)
  and ($6::timestamptz is null or delivery.created_at >= $6)
  and ($7::timestamptz is null or delivery.created_at < $7)
  and ($8::text[] is null or delivery.state = any ($8))
  and ($9::text[] is null or delivery.dead_reason = any ($9))
