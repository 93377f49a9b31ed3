-- select-replayable
-- params  $1 after delivery_id bigint, $2 through delivery_id bigint, $3 how many bigint (null: all), then the conditions,
--         null where not given: $4 delivery_ids bigint[], $5 run_id uuid, $6 origin text, $7 from timestamptz,
--         $8 to timestamptz, $9 states text[], $10 dead reasons text[]
-- result  the ids of ended deliveries that meet all conditions, in order
-- index   the primary key, or deliveries_by_run
select delivery.delivery_id
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
where delivery.delivery_id > $1
  and delivery.delivery_id <= $2
  and delivery.state <> 'due'
  and ($4::bigint[] is null or delivery.delivery_id = any ($4))
  and ($5::uuid is null or delivery.run_id = $5)
  and ($6::text is null or endpoint.origin = $6)
  and ($7::timestamptz is null or delivery.created_at >= $7)
  and ($8::timestamptz is null or delivery.created_at < $8)
  and ($9::text[] is null or delivery.state = any ($9))
  and ($10::text[] is null or delivery.dead_reason = any ($10))
order by delivery.delivery_id
limit $3
