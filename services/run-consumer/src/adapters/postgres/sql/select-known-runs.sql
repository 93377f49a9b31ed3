-- select-known-runs
-- params  $1 run_ids uuid[]
-- result  those of them that are in the ledger
select
  run_id, thread_id, encode(fingerprint, 'hex') as fingerprint, source_topic, source_partition, source_offset,
  run_ended_at is not null as is_finished
from runlane.runs
where run_id = any ($1::uuid[])
