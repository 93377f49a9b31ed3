-- close-account
-- params  $1 group_name text, $2 topic text, $3 partition integer, $4 position bigint, $5 record_timestamp_ms bigint,
--         then how many more: $6 without_target, $7 repeats, $8 deliveries, $9 quarantined, $10 absent
-- result  none; the row is locked by the caller
update webhooks.accounts
set
  position = $4,
  record_timestamp_ms = $5,
  without_target_count = without_target_count + $6,
  repeat_count = repeat_count + $7,
  delivery_count = delivery_count + $8,
  quarantined_count = quarantined_count + $9,
  absent_count = absent_count + $10,
  updated_at = now()
where group_name = $1
  and topic = $2
  and partition = $3
