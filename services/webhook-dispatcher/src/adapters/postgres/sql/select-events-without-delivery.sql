-- select-events-without-delivery
-- params  $1 group_name text, $2 topic text, then lists of equal length: $3 event_ids text[], $4 partitions integer[],
--         $5 offsets bigint[]
-- result  the event ids of which the ledger has neither a delivery nor a quarantined record
-- index   one_delivery_per_event_and_url, quarantine_pkey
select asked.event_id
from unnest($3::text[], $4::integer[], $5::bigint[]) as asked (event_id, partition, record_offset)
where not exists (
    select from webhooks.deliveries as delivery
    where delivery.event_id = asked.event_id
  )
  and not exists (
    select from webhooks.quarantine as record
    where record.group_name = $1
      and record.topic = $2
      and record.partition = asked.partition
      and record.record_offset = asked.record_offset
  )
