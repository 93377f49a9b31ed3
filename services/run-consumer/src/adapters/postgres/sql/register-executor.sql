-- register-executor
-- params  $1 executor_id uuid, $2 host text, $3 lease in milliseconds bigint
-- result  nothing. A ledger that is a copy is noted as such first, as renew-executor does: see the function note_copy
-- locks   the executor; the row of ledger_life where it is a copy
insert into runlane.executors (executor_id, host, expires_at)
select $1, $2, now() + $3 * interval '1 millisecond'
from runlane.note_copy($3)
