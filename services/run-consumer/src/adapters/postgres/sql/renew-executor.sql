-- renew-executor
-- params  $executor_id uuid, $lease_ms bigint
-- result  one row at least if the lease still is ours; none means that it was taken and the runs with it (I3). With it
--         the running runs of the executor, each with what it was asked to stop for: run_id is null where there is none,
--         and cancel_action of a run that was not asked
--         A ledger that is a copy is noted as such: see the function note_copy. Where the lease is lost the executor
--         does that when it registers
-- locks   the executor; the row of ledger_life where it is a copy
-- index   running_runs_by_executor
with renewed as (
  update runlane.executors
  set expires_at = now() + $lease_ms * interval '1 millisecond'
  from runlane.note_copy($lease_ms)
  where executor_id = $executor_id
  returning executor_id
)
select run.run_id, run.fencing_token, run.cancel_action, run.reason, run.superseded_by
from renewed
left join runlane.runs as run
  on run.executor_id = renewed.executor_id
  and run.status = 'running'
