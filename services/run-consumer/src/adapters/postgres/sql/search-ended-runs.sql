-- search-ended-runs
-- params  $before_at timestamptz and $before run_id uuid of the last run that was looked at, both null to begin; $graph assistant_id
--         or graph_id text and $thread_status text: each null where it is not asked about; $pairs jsonb, a list of
--         {"key", "values"}: the run's metadata has each key with one of its values; $look_limit how many runs to look at
--         bigint, $limit bigint
-- result  at least one row, with how many runs were looked at and the last of them; in each but an empty one a run that
--         fits, the one that ended last first, with its thread; times as text have the microseconds
-- index   ended_runs_by_age, backwards: costs as much as the limits say, however rare what is asked for is
with looked as materialized (
  select run_id, thread_id, run_ended_at, metadata, graph_id, assistant_id
  from runlane.runs
  where run_ended_at is not null
    and ($before_at::timestamptz is null or run_ended_at <= $before_at)
    and ($before_at::timestamptz is null or (run_ended_at, run_id) < ($before_at, $before::uuid))
  order by run_ended_at desc, run_id desc
  limit $look_limit
),
last as materialized (
  select run_id, run_ended_at
  from looked
  order by run_ended_at, run_id
  limit 1
),
fitting as materialized (
  select
    *,
    (select thread.status from runlane.threads as thread where thread.thread_id = looked.thread_id) as thread_status
  from looked
  where ($graph::text is null or $graph in (graph_id, assistant_id))
    and not exists (
      select
      from jsonb_array_elements($pairs::jsonb) as pair
      where not exists (
        select
        from jsonb_array_elements(pair -> 'values') as value
        where value = (metadata -> (pair ->> 'key'))::jsonb
      )
    )
),
found as materialized (
  select *
  from fitting
  where thread_status is not null
    and ($thread_status::text is null or thread_status = $thread_status)
  order by run_ended_at desc, run_id desc
  limit $limit
)
select
  look.looked_count, last.run_id as last_run_id, last.run_ended_at::text as last_ended_at,
  found.run_id, found.run_ended_at::text as place, found.thread_id, found.thread_status as status, found.graph_id, found.metadata,
  found.run_ended_at as updated_at,
  (
    select count(*)
    from (
      select
      from runlane.runs as run
      where run.thread_id = found.thread_id
        and run.status in ('pending', 'running')
      limit 1000
    ) as counted
  )::integer as unfinished_count
from (select count(*)::integer as looked_count from looked) as look
left join last on true
left join found on true
order by found.run_ended_at desc, found.run_id desc
