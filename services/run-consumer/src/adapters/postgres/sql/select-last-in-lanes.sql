-- select-last-in-lanes
-- params  $thread_ids text[] (their rows are locked by the caller), $limit how many of those that wait, and of the
--         scheduled ones, to look at, from the end, integer (null: all), $source_topic text, $source_partition integer
-- result  for each thread with runs in flight, other than those marked to end, the run of the partition with the greatest
--         offset among the runs that were read; and whether no earlier one in the lane can have a greater one. A run that
--         was admitted to the lane, and did not join it later, comes after everything that the partition had earlier
-- index   one_running_run_per_thread, unfinished_runs_by_lane, scheduled_runs_by_admission, backwards
with tail as (
  select
    thread.thread_id, run.*, run.source_topic = $source_topic and run.source_partition = $source_partition as is_of_partition,
    run.state = 'pending' and run.admission_position is null or run.state = 'scheduled' and run.admission_position is not null
      as is_as_admitted
  from runlane.threads as thread
  cross join lateral (
    (
      select
        run_id, lane_position, admission_position, cancel_action, source_topic, source_partition, source_offset,
        'running' as state
      from runlane.runs
      where thread_id = thread.thread_id
        and status = 'running'
    )
    union all
    (
      select
        run_id, lane_position, admission_position, cancel_action, source_topic, source_partition, source_offset,
        'pending'
      from runlane.waiting_runs(thread.thread_id, thread.ended_through)
      order by lane_position desc
      limit $limit
    )
    union all
    (
      select
        run_id, lane_position, admission_position, cancel_action, source_topic, source_partition, source_offset,
        'scheduled'
      from runlane.scheduled_runs(thread.thread_id, thread.ended_through)
      order by place desc
      limit $limit
    )
  ) as run
  where thread.thread_id = any ($thread_ids::text[])
),
looked as (
  select
    thread_id,
    (
      count(*) filter (where state = 'pending') < $limit
      or count(*) filter (where state = 'pending' and is_of_partition and is_as_admitted) > 0
    ) and (
      count(*) filter (where state = 'scheduled') < $limit
      or count(*) filter (where state = 'scheduled' and is_of_partition and is_as_admitted) > 0
    ) as is_sure
  from tail
  group by thread_id
),
last_run as (
  select distinct on (thread_id) *
  from tail
  where is_of_partition
  order by thread_id, source_offset desc
)
select
  thread_id, looked.is_sure, last_run.run_id, last_run.state, last_run.source_offset, last_run.cancel_action is not null as is_asked
from looked
left join last_run using (thread_id)
