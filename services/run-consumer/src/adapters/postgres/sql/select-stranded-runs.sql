-- select-stranded-runs
-- params  $limit integer
-- result  running runs whose executor has no lease row
-- index   running_runs_by_executor, from executor to executor: every process looks each second, so a look costs one probe
--         for each executor, however many runs they execute
with recursive executing as (
  (
    select executor_id
    from runlane.runs
    where status = 'running'
    order by executor_id
    limit 1
  )
  union all
  select (
    select run.executor_id
    from runlane.runs as run
    where run.status = 'running'
      and run.executor_id > executing.executor_id
    order by run.executor_id
    limit 1
  )
  from executing
  where executing.executor_id is not null
),
gone as (
  select executor_id
  from executing
  where executor_id is not null
    and not exists (select from runlane.executors where executor_id = executing.executor_id)
)
select
  run.run_id, run.thread_id, run.graph_id, run.attempt, run.fencing_token, run.traceparent,
  run.cancel_action is not null as is_stopping
from gone
cross join lateral (
  select run_id, thread_id, graph_id, attempt, fencing_token, traceparent, cancel_action
  from runlane.runs
  where status = 'running'
    and executor_id = gone.executor_id
  limit $limit
) as run
limit $limit
