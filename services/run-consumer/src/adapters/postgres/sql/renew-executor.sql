-- renew-executor
-- params  $1 executor_id uuid, $2 lease in milliseconds bigint
-- result  one row at least if the lease still is ours; none means that it was taken and the runs with it (I3). With it
--         the runs of the executor that were asked to stop: all other columns are null where there is none
-- index   running_runs_by_executor
with renewed as (
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
  and run.cancel_action is not null
