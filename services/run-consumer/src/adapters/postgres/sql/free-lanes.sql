-- free-lanes
-- params  $thread_ids text[] of which runs were cancelled (their rows are locked by the caller)
-- result  how many runs became ready: the first of a lane in which nothing runs
-- index   one_running_run_per_thread, unfinished_runs_by_lane, scheduled_runs_by_admission: what is marked to end is
--         passed over
with lane as (
  select
    thread.thread_id, head.run_id, head.status, head.ready_at,
    head.run_id is not null
      or exists (
        select
        from runlane.scheduled_runs(thread.thread_id, thread.ended_through)
      ) as is_busy
  from runlane.threads as thread
  left join lateral (
    (
      select run_id, status, ready_at
      from runlane.runs
      where thread_id = thread.thread_id
        and status = 'running'
    )
    union all
    (
      select run_id, status, ready_at
      from runlane.waiting_runs(thread.thread_id, thread.ended_through)
      order by lane_position
      limit 1
    )
    -- The running run comes first.
    order by status desc
    limit 1
  ) as head on true
  where thread.thread_id = any ($thread_ids::text[])
),
readied as (
  update runlane.runs as run
  set ready_at = clock_timestamp(), updated_at = now()
  from lane
  where run.run_id = lane.run_id
    and lane.status = 'pending'
    and lane.ready_at is null
  returning run.run_id
),
freed as (
  update runlane.threads as thread
  set status = case when lane.is_busy then 'busy' else thread.resting_status end, updated_at = now()
  from lane
  where thread.thread_id = lane.thread_id
)
select count(*)::integer as ready_count
from readied
