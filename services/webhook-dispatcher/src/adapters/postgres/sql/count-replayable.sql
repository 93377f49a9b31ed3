-- count-replayable
-- params  $after_id bigint, $through_id bigint, then the conditions of select-replayable, null where not given:
--         $delivery_ids bigint[], $run_id uuid, $origin text, $from timestamptz, $to timestamptz, $states text[],
--         $dead_reasons text[]
-- result  one row: how many deliveries select-replayable would return in all
select count(*) as count
from webhooks.deliveries as delivery
join webhooks.endpoints as endpoint using (endpoint_id)
where delivery.delivery_id > $after_id
  and delivery.delivery_id <= $through_id
  and delivery.state <> 'due'
  and ($delivery_ids::bigint[] is null or delivery.delivery_id = any ($delivery_ids))
  and ($run_id::uuid is null or delivery.run_id = $run_id)
  and ($origin::text is null or endpoint.origin = $origin)
  and ($from::timestamptz is null or delivery.created_at >= $from)
  and ($to::timestamptz is null or delivery.created_at < $to)
  and ($states::text[] is null or delivery.state = any ($states))
  and ($dead_reasons::text[] is null or delivery.dead_reason = any ($dead_reasons))
