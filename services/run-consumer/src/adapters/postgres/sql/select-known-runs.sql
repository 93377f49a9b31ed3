-- select-known-runs
-- params  $1 run_ids uuid[]
-- result  those of them that are in the ledger
select run_id, thread_id, encode(fingerprint, 'hex') as fingerprint
from runlane.runs
where run_id = any ($1::uuid[])
