-- register-executor
-- params  $executor_id uuid, $host text, $version text, $graph_ids text[], $lease_ms bigint
-- result  none. If the ledger is a copy, that is noted first, as in renew-executor: see the function note_copy
-- locks   the executor; the row of ledger_life where it is a copy
insert into runlane.executors (executor_id, host, version, graph_ids, expires_at)
select $executor_id, $host, $version, $graph_ids, now() + $lease_ms * interval '1 millisecond'
from runlane.note_copy($lease_ms)
