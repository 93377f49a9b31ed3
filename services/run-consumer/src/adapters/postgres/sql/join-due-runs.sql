-- join-due-runs
-- params  $1 run_ids uuid[] (the rows of their threads are locked by the caller)
-- result  the runs that joined their lanes, and whether they are ready: first in a lane that was free
-- order   of those that are due at once, by the time they were scheduled for, then by offset
with due as (
  select
    run_id, thread_id,
    row_number() over (partition by thread_id order by scheduled_at, source_partition, source_offset) as nth
  from runlane.runs
  where run_id = any ($1::uuid[])
    and scheduled_at <= now()
),
occupied as (
  select distinct due.thread_id
  from due
  join runlane.runs as run using (thread_id)
  where run.status in ('pending', 'running')
    and run.lane_position is not null
),
joined as (
  update runlane.runs as run
  set
    lane_position = thread.next_lane_position + due.nth - 1,
    scheduled_at = null,
    ready_at = case when due.nth = 1 and occupied.thread_id is null then clock_timestamp() end,
    updated_at = now()
  from due
  join runlane.threads as thread using (thread_id)
  left join occupied using (thread_id)
  where run.run_id = due.run_id
  returning run.run_id, run.ready_at is not null as is_ready
),
moved as (
  update runlane.threads as thread
  set next_lane_position = thread.next_lane_position + counted.run_count, updated_at = now()
  from (select thread_id, count(*) as run_count from due group by thread_id) as counted
  where thread.thread_id = counted.thread_id
)
select run_id, is_ready
from joined
