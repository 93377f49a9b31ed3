-- list-executors
-- params  $limit bigint
-- result  processes that execute runs, those first whose leases end first; what each says of itself, null before
--         migration 0026; how many runs each has
-- index   running_runs_by_executor
select
  executor.executor_id, executor.host, executor.version, executor.graph_ids, executor.started_at, executor.expires_at,
  (
    select count(*)
    from runlane.runs as run
    where run.executor_id = executor.executor_id
      and run.status = 'running'
  )::integer as running_count
from runlane.executors as executor
order by executor.expires_at
limit $limit
