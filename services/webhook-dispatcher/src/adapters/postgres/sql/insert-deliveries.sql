-- insert-deliveries
-- params  $topic text, $partition integer, then one array per column: $event_ids, $url_hashes, $urls,
--         $endpoint_ids, $run_ids, $sequences, $event_types, $is_terminal, $is_ready,
--         $dead_reasons (null: due), $details, $offsets;
--         $ended_delivery_ids bigint[] that end as superseded, $ended_details why
-- result  none
-- locks   the caller holds the endpoints of the known runs. Nobody sees the new rows before they are committed, and before
--         that line-up-stored has to bring them into line
with superseded as (
  update webhooks.deliveries as delivery
  set state = 'dead', dead_reason = 'superseded', detail = ended.detail, next_attempt_at = null, ended_at = now()
  from unnest($ended_delivery_ids::bigint[], $ended_details::text[]) as ended (delivery_id, detail)
  where delivery.delivery_id = ended.delivery_id
    and delivery.ended_at is null
)
insert into webhooks.deliveries (
  event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal, state, dead_reason, detail,
  next_attempt_at, ended_at, source_topic, source_partition, source_offset
)
select
  event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal,
  case when dead_reason is null then 'due' else 'dead' end,
  dead_reason, detail,
  case when dead_reason is null and is_ready then now() end,
  case when dead_reason is not null then now() end,
  $topic, $partition, source_offset
from unnest(
  $event_ids::text[], $url_hashes::text[], $urls::text[], $endpoint_ids::bigint[], $run_ids::uuid[],
  $sequences::bigint[], $event_types::text[], $is_terminal::boolean[],
  $is_ready::boolean[], $dead_reasons::text[], $details::text[], $offsets::bigint[]
) as delivery (
  event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal, is_ready, dead_reason, detail,
  source_offset
)
