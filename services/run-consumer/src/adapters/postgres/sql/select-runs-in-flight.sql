-- select-runs-in-flight
-- params  $1 thread_ids text[] (their rows are locked by the caller), $2 how many of each kind integer
-- result  the first unfinished runs in the lane of each thread by position, and its first scheduled runs by admission
-- index   unfinished_runs_by_lane, scheduled_runs_by_thread: as many entries as asked for, however long the lane is
select
  wanted.thread_id, run.run_id, run.status, run.lane_position, run.source_topic, run.source_partition, run.source_offset,
  run.cancel_action
from unnest($1::text[]) as wanted (thread_id)
cross join lateral (
  (
    select *
    from runlane.runs
    where thread_id = wanted.thread_id
      and status in ('pending', 'running')
      and lane_position is not null
    order by lane_position
    limit $2
  )
  union all
  (
    select *
    from runlane.runs
    where thread_id = wanted.thread_id
      and scheduled_at is not null
    order by created_at, source_partition, source_offset
    limit $2
  )
) as run
order by wanted.thread_id, run.lane_position nulls last, run.created_at, run.source_partition, run.source_offset
