-- free-lanes
-- params  $1 thread_ids text[] of which runs were cancelled (their rows are locked by the caller)
-- result  how many runs became ready: the first of a lane in which nothing runs
-- index   unfinished_runs_by_lane, scheduled_runs_by_thread
with lane as (
  select
    wanted.thread_id, head.run_id, head.status, head.ready_at,
    head.run_id is not null
      or exists (select from runlane.runs where thread_id = wanted.thread_id and scheduled_at is not null) as is_busy
  from unnest($1::text[]) as wanted (thread_id)
  left join lateral (
    select run_id, status, ready_at
    from runlane.runs
    where thread_id = wanted.thread_id
      and status in ('pending', 'running')
      and lane_position is not null
    order by lane_position
    limit 1
  ) as head on true
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
