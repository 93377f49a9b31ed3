-- select-others-in-lane
-- params  $thread_id text (its row is locked by the caller), $run_ids uuid[]
-- result  whether any other run of the thread is in flight
-- index   one_running_run_per_thread, unfinished_runs_by_lane, scheduled_runs_by_admission: ends at the first
select
  exists (
    select
    from runlane.runs
    where thread_id = thread.thread_id
      and status = 'running'
      and run_id <> all ($run_ids::uuid[])
  )
  or exists (
    select
    from runlane.waiting_runs(thread.thread_id, thread.ended_through)
    where run_id <> all ($run_ids::uuid[])
  )
  or exists (
    select
    from runlane.scheduled_runs(thread.thread_id, thread.ended_through)
    where run_id <> all ($run_ids::uuid[])
  ) as has_others
from runlane.threads as thread
where thread_id = $thread_id
