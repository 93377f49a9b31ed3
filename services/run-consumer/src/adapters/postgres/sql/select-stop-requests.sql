-- select-stop-requests
-- params  $executor_id uuid
-- result  the runs of the executor that were asked to stop and have not stopped yet
-- index   running_runs_by_executor
select run_id, fencing_token, cancel_action, reason, superseded_by
from runlane.runs
where executor_id = $executor_id
  and status = 'running'
  and cancel_action is not null
