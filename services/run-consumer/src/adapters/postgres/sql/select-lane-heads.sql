-- select-lane-heads
-- params  $1 thread_ids text[] (their rows are locked by the caller)
-- result  the oldest unfinished run in the lane of each thread that has one; scheduled ones are not in it yet
-- index   unfinished_runs_by_lane, one entry per thread, however long the lane is
select wanted.thread_id, head.run_id
from unnest($1::text[]) as wanted (thread_id)
cross join lateral (
  select run_id
  from runlane.runs
  where thread_id = wanted.thread_id
    and status in ('pending', 'running')
    and lane_position is not null
  order by lane_position
  limit 1
) as head
