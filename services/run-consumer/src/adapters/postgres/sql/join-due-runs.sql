-- join-due-runs
-- params  $run_ids uuid[] (the rows of their threads are locked by the caller)
-- result  the runs that joined their lanes, and whether they are ready: first in a lane that was free. A run that is marked
--         to end does not join
-- order   runs that are due together by their scheduled time, then by offset
with due as (
  select
    run.run_id, run.thread_id, thread.ended_through,
    row_number() over (partition by run.thread_id order by run.scheduled_at, run.source_partition, run.source_offset) as nth
  from runlane.runs as run
  join runlane.threads as thread using (thread_id)
  where run.run_id = any ($run_ids::uuid[])
    and run.scheduled_at <= now()
    and runlane.admission_place(run.admission_position) > thread.ended_through
),
occupied as (
  select lane.thread_id
  from (select distinct thread_id, ended_through from due) as lane
  where exists (select from runlane.runs where thread_id = lane.thread_id and status = 'running')
    or exists (
      select
      from runlane.waiting_runs(lane.thread_id, lane.ended_through)
    )
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
