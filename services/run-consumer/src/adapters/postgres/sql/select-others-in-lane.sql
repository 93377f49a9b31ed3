-- select-others-in-lane
-- params  $1 thread_id text (its row is locked by the caller), $2 run_ids uuid[]
-- result  whether any run of the thread is in flight besides these
-- index   one_running_run_per_thread, unfinished_runs_by_lane, scheduled_runs_by_admission: ends at the first
select
  exists (
    select
    from runlane.runs
    where thread_id = thread.thread_id
      and status = 'running'
      and run_id <> all ($2::uuid[])
  )
  or exists (
    select
    from runlane.waiting_runs(thread.thread_id, thread.ended_through)
    where run_id <> all ($2::uuid[])
  )
  or exists (
    select
    from runlane.scheduled_runs(thread.thread_id, thread.ended_through)
    where run_id <> all ($2::uuid[])
  ) as has_others
from runlane.threads as thread
where thread_id = $1
