-- renew-executor
-- params  $1 executor_id uuid, $2 lease in milliseconds bigint
-- result  one row at least if the lease still is ours; none means that it was taken and the runs with it (I3). With it
--         the running runs of the executor, each with what it was asked to stop for: run_id is null where there is none,
--         and cancel_action of a run that was not asked
--         A ledger that is a copy is noted as such: see the view ledger_standing. Runs are claimed in it a lease later, unless
--         there is nothing that an executor may have been at
-- locks   the executor; the row of ledger_life where it is a copy
-- index   running_runs_by_executor
with noted as (
  update runlane.ledger_life as life
  set
    server_started_at = pg_postmaster_start_time(),
    file = pg_relation_filepath(life.tableoid),
    written_by = pg_current_xact_id()::xid,
    claims_from = case
      when exists (select from runlane.executors)
        or exists (select from runlane.runs where status in ('pending', 'running'))
      then greatest(life.claims_from, now() + $2 * interval '1 millisecond')
      else life.claims_from
    end
  where life.server_started_at <> pg_postmaster_start_time()
    or life.file <> pg_relation_filepath(life.tableoid)
    or life.written_by <> life.xmin
),
renewed as (
  update runlane.executors
  set expires_at = now() + $2 * interval '1 millisecond'
  where executor_id = $1
  returning executor_id
)
select run.run_id, run.fencing_token, run.cancel_action, run.reason, run.superseded_by
from renewed
left join runlane.runs as run
  on run.executor_id = renewed.executor_id
  and run.status = 'running'
