-- select-waiting-graphs
-- params  $silent_ms bigint: who has said nothing for longer serves no more, $count_limit how many runs to
--         count bigint
-- result  graphs with ready runs: how old the oldest is, in seconds, how many there are, up to $count_limit, and
--         whether anybody serves the graph
-- index   ready_runs_by_graph, from graph to graph: the cost grows with the graphs, not with the runs
with recursive waiting as (
  (
    select graph_id, ready_at
    from runlane.runs
    where ready_at is not null
    order by graph_id, ready_at
    limit 1
  )
  union all
  select next.graph_id, next.ready_at
  from waiting
  cross join lateral (
    select run.graph_id, run.ready_at
    from runlane.runs as run
    where run.ready_at is not null
      and run.graph_id > waiting.graph_id
    order by run.graph_id, run.ready_at
    limit 1
  ) as next
)
select
  waiting.graph_id,
  greatest(extract(epoch from now() - waiting.ready_at), 0)::float8 as oldest_seconds,
  (
    select count(*)
    from (
      select
      from runlane.runs as run
      where run.ready_at is not null
        and run.graph_id = waiting.graph_id
      limit $count_limit
    ) as counted
  )::integer as run_count,
  exists (
    select from runlane.served_graphs as served
    where served.graph_id = waiting.graph_id
      and served.served_at > now() - $silent_ms * interval '1 millisecond'
  ) as is_served
from waiting
