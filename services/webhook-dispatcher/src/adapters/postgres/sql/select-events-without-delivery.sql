-- select-events-without-delivery
-- params  $group_name text, $topic text, then lists of equal length: $event_ids text[], $partitions integer[],
--         $offsets bigint[]
-- result  the event ids of which the ledger has neither a delivery nor a quarantined record
-- index   one_delivery_per_event_and_url, quarantine_pkey
select asked.event_id
from unnest($event_ids::text[], $partitions::integer[], $offsets::bigint[]) as asked (event_id, partition, record_offset)
where not exists (
    select from webhooks.deliveries as delivery
    where delivery.event_id = asked.event_id
  )
  and not exists (
    select from webhooks.quarantine as record
    where record.group_name = $group_name
      and record.topic = $topic
      and record.partition = asked.partition
      and record.record_offset = asked.record_offset
  )
