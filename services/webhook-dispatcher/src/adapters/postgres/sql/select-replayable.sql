-- select-replayable
-- params  $1 after delivery_id bigint, $2 through delivery_id bigint, then the conditions, null where not given:
--         $3 delivery_ids bigint[], $4 run_id uuid, $5 origin text, $6 from timestamptz, $7 to timestamptz,
--         $8 states text[], $9 dead reasons text[]; $10 how many integer
-- result  the ids of ended deliveries that meet all conditions, in order
-- index   the primary key, or deliveries_in_lanes
select delivery.delivery_id
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
order by delivery.delivery_id
limit $10
