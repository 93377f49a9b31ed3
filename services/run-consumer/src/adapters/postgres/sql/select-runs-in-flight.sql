-- select-runs-in-flight
-- params  $thread_ids text[] (their rows are locked by the caller), $limit how many of each kind integer; then of the
--         threads of which all runs may end: $whole_thread_ids text[], $ended_at_once up to how many waiting and how
--         many scheduled ones to count integer
-- result  the first unfinished runs in the lane of each thread by position, and its first scheduled runs by admission,
--         without those that are marked to end. With each how many wait or are scheduled, counted for $whole_thread_ids
--         up to twice $ended_at_once, else 0
-- index   one_running_run_per_thread, unfinished_runs_by_lane, scheduled_runs_by_admission: only as many entries as asked
--         for, however long the lane is
-- Computed once for each thread, not for each of its runs.
with thread as materialized (
  select thread.thread_id, thread.ended_through, counted.waiting_count
  from runlane.threads as thread
  cross join lateral (
    select case when thread.thread_id = any ($whole_thread_ids::text[]) then $ended_at_once + 1 else 0 end as up_to
  ) as wanted
  cross join lateral (
    select
      (
        select count(*)
        from (
          select
          from runlane.waiting_runs(thread.thread_id, thread.ended_through)
          limit wanted.up_to
        ) as waiting
      )
      + (
        select count(*)
        from (
          select
          from runlane.scheduled_runs(thread.thread_id, thread.ended_through)
          limit wanted.up_to
        ) as scheduled
      ) as waiting_count
  ) as counted
  where thread.thread_id = any ($thread_ids::text[])
)
select
  thread.thread_id, thread.waiting_count::integer, run.run_id,
  case when run.lane_position is null then 'scheduled' else run.status end as state,
  run.source_topic, run.source_partition, run.source_offset, run.cancel_action is not null as is_asked
from thread
cross join lateral (
  select
    run_id, status, lane_position, cancel_action, source_topic, source_partition, source_offset, created_at
  from runlane.runs
  where thread_id = thread.thread_id
    and status = 'running'
  union all
  (
    select
      run_id, status, lane_position, cancel_action, source_topic, source_partition, source_offset, created_at
    from runlane.waiting_runs(thread.thread_id, thread.ended_through)
    order by lane_position
    limit $limit
  )
  union all
  (
    select
      run_id, status, lane_position, cancel_action, source_topic, source_partition, source_offset, created_at
    from runlane.scheduled_runs(thread.thread_id, thread.ended_through)
    order by created_at, source_partition, source_offset
    limit $limit
  )
) as run
order by thread.thread_id, run.lane_position nulls last, run.created_at, run.source_partition, run.source_offset
