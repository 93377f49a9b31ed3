-- select-thread
-- params  $thread_id text
-- result  the thread, if there is one, with the number of its unfinished runs, counted to 1,000
-- index   the primary key, unfinished_runs_by_lane
select
  thread.thread_id, thread.status, thread.resting_status, thread.first_partition, thread.configurable, thread.created_at,
  thread.updated_at,
  (
    select count(*)
    from (
      select
      from runlane.runs as run
      where run.thread_id = thread.thread_id
        and run.status in ('pending', 'running')
      limit 1000
    ) as counted
  )::integer as unfinished_count
from runlane.threads as thread
where thread.thread_id = $thread_id
