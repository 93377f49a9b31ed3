-- select-stuck-runs
-- params  $stuck_ms bigint, $limit how many of each kind bigint
-- result  runs without progress for that long: ready and not claimed, due and not joined to their lane, running with no
--         living process, or first of their lane without being ready, which no statement should leave behind; and for each
--         thread the first run that was marked to end and whose event is missing
-- index   ready_runs_by_graph, scheduled_runs, one_running_run_per_thread, unfinished_runs_by_lane: costs as much as
--         there are unfinished runs
with late as (
  select now() - $stuck_ms * interval '1 millisecond' as than
)
(
  select 'ready' as kind, run_id, thread_id, graph_id, ready_at as since
  from runlane.runs, late
  where ready_at < late.than
  order by ready_at
  limit $limit
)
union all
(
  select 'overdue', run_id, thread_id, graph_id, scheduled_at
  from runlane.runs, late
  where scheduled_at < late.than
  order by scheduled_at
  limit $limit
)
union all
(
  select 'stranded', run_id, thread_id, graph_id, updated_at
  from runlane.runs as run, late
  where status = 'running'
    and updated_at < late.than
    and not exists (
      select from runlane.executors as executor
      where executor.executor_id = run.executor_id
        and executor.expires_at > now()
    )
  order by updated_at
  limit $limit
)
union all
(
  select 'forgotten_lane', run.run_id, run.thread_id, run.graph_id, run.updated_at
  from late, runlane.runs as run
  join runlane.threads as thread using (thread_id)
  where run.status = 'pending'
    and run.lane_position > thread.ended_through
    and run.ready_at is null
    and run.updated_at < late.than
    and not exists (
      select from runlane.runs as other
      where other.thread_id = run.thread_id
        and other.status in ('pending', 'running')
        and other.lane_position < run.lane_position
        and (other.status = 'running' or other.lane_position > thread.ended_through)
    )
  limit $limit
)
union all
(
  select 'unended', run.run_id, run.thread_id, run.graph_id, mark.created_at
  from late, runlane.lane_ends as mark
  cross join lateral (
    select waiting.run_id, waiting.thread_id, waiting.graph_id
    from runlane.runs as waiting
    where waiting.thread_id = mark.thread_id
      and waiting.status = 'pending'
      and waiting.lane_position <= mark.through_position
    order by waiting.lane_position
    limit 1
  ) as run
  where mark.created_at < late.than
  order by mark.created_at
  limit $limit
)
