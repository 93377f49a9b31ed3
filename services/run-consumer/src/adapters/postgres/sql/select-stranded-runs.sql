-- select-stranded-runs
-- params  $1 how many integer
-- result  running runs whose executor has no lease row
-- index   running_runs_by_executor
select run.run_id, run.thread_id, run.attempt, run.fencing_token
from runlane.runs as run
where run.status = 'running'
  and not exists (select from runlane.executors where executor_id = run.executor_id)
limit $1
