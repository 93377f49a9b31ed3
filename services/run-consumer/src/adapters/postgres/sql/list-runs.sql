-- list-runs
-- params  $run_ids uuid[]: these and no others, whatever else is asked; $run_id uuid, $thread_id text, $statuses text[], $assistant assistant_id or graph_id text: each null where it
--         is not asked about; $ended_since timestamptz, $limit bigint, $silent_ms bigint after
--         which a graph that nobody has said to execute has gone
-- result  running runs, then pending ones lane by lane, then ended ones, the latest first; with the known reasons for which
--         an unfinished one waits; ahead_count counts to 1,000
-- index   one_running_run_per_thread, unfinished_runs_by_lane, ended_runs_by_age: none of the parts sorts a whole ledger.
--         What is asked for besides is looked for along these
with picked as (
  (
    select run_id, 0 as part
    from runlane.runs
    where status = 'running'
      and $run_ids::uuid[] is null
      and ($run_id::uuid is null or run_id = $run_id)
      and ($thread_id::text is null or thread_id = $thread_id)
      and ($statuses::text[] is null or status = any ($statuses))
      and ($assistant::text is null or $assistant in (assistant_id, graph_id))
    limit $limit
  )
  union all
  (
    select run_id, 1
    from runlane.runs
    where status = 'pending'
      and $run_ids::uuid[] is null
      and ($run_id::uuid is null or run_id = $run_id)
      and ($thread_id::text is null or thread_id = $thread_id)
      and ($statuses::text[] is null or status = any ($statuses))
      and ($assistant::text is null or $assistant in (assistant_id, graph_id))
    order by thread_id, lane_position
    limit $limit
  )
  union all
  (
    select run_id, 2
    from runlane.runs
    where run_ended_at is not null
      and $run_ids::uuid[] is null
      and run_ended_at >= $ended_since::timestamptz
      and ($run_id::uuid is null or run_id = $run_id)
      and ($thread_id::text is null or thread_id = $thread_id)
      and ($statuses::text[] is null or status = any ($statuses))
      and ($assistant::text is null or $assistant in (assistant_id, graph_id))
    order by run_ended_at desc
    limit $limit
  )
  union all
  (
    select run_id, case status when 'running' then 0 when 'pending' then 1 else 2 end
    from runlane.runs
    where run_id = any ($run_ids::uuid[])
  )
)
select
  run.run_id, run.thread_id, run.assistant_id, run.graph_id, run.status, run.reason, run.multitask_strategy, run.metadata,
  greatest(run.attempt, run.begun_attempt) as attempt, run.blocked_by, run.superseded_by,
  run.source_topic, run.source_partition, run.source_offset,
  run.created_at, run.run_started_at, run.run_ended_at, run.sequence, run.scheduled_at,
  run.ready_at is not null as is_ready,
  run.cancel_action is not null as is_asked_to_stop,
  coalesce(coalesce(run.lane_position, run.admission_position) <= thread.ended_through, false) as is_marked,
  executor.host,
  first.run_id as first_of_lane,
  coalesce(ahead.run_count, 0) as ahead_count,
  exists (
    select from runlane.served_graphs as served
    where served.graph_id = run.graph_id
      and served.served_at > now() - $silent_ms * interval '1 millisecond'
  ) as is_graph_served,
  exists (select from runlane.ledger_standing where is_original and claims_are_due) as is_claimable,
  (select count(*) from runlane.runs where status = 'running')::integer as executing_count,
  (select count(*) from runlane.executors where expires_at > now())::integer as process_count
from picked
join runlane.runs as run using (run_id)
left join runlane.threads as thread using (thread_id)
left join runlane.executors as executor
  on executor.executor_id = run.executor_id and executor.expires_at > now()
left join lateral (
  select other.run_id
  from runlane.runs as other
  where other.thread_id = run.thread_id
    and other.status in ('pending', 'running')
    and other.lane_position is not null
    and (other.status = 'running' or other.lane_position > thread.ended_through)
    and run.status = 'pending'
  order by other.lane_position
  limit 1
) as first on true
left join lateral (
  select count(*)::integer as run_count
  from (
    select
    from runlane.runs as other
    where other.thread_id = run.thread_id
      and other.status in ('pending', 'running')
      and other.lane_position < run.lane_position
      and (other.status = 'running' or other.lane_position > thread.ended_through)
      and run.status = 'pending'
    limit 1000
  ) as counted
) as ahead on true
order by picked.part, case when picked.part = 2 then run.run_ended_at end desc, run.thread_id, run.lane_position, run.run_id
limit $limit
