-- close-account
-- params  $group_name text, $topic text, $partition integer, $position bigint, $record_timestamp_ms bigint, then how
--         many more: $without_target_count, $repeat_count, $delivery_count,
--         $quarantined_count, $absent_count, $lost_count
-- result  none; the row is locked by the caller
update webhooks.accounts
set
  position = $position,
  record_timestamp_ms = $record_timestamp_ms,
  without_target_count = without_target_count + $without_target_count,
  repeat_count = repeat_count + $repeat_count,
  delivery_count = delivery_count + $delivery_count,
  quarantined_count = quarantined_count + $quarantined_count,
  absent_count = absent_count + $absent_count,
  lost_count = lost_count + $lost_count,
  updated_at = now()
where group_name = $group_name
  and topic = $topic
  and partition = $partition
