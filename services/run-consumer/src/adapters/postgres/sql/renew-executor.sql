-- renew-executor
-- params  $executor_id uuid, $lease_ms bigint
-- result  at least one row if the executor still has the lease; none means that the lease was taken, and the runs with it
--         (I3). Each row is a running run of the executor with the reason for which it was asked to stop; run_id is null if
--         there is no run, and cancel_action if the run was not asked;
--         database_ms is the clock of the server, in milliseconds since 1970
-- If the ledger is a copy, that is noted: see the function note_copy. An executor that has lost its lease does that when it
--         registers
-- locks   the executor; the row of ledger_life where it is a copy
-- index   running_runs_by_executor
with renewed as (
  update runlane.executors
  set expires_at = now() + $lease_ms * interval '1 millisecond'
  from runlane.note_copy($lease_ms)
  where executor_id = $executor_id
  returning executor_id
)
select
  run.run_id,
  run.fencing_token,
  run.cancel_action,
  run.reason,
  run.superseded_by,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as database_ms
from renewed
left join runlane.runs as run
  on run.executor_id = renewed.executor_id
  and run.status = 'running'
