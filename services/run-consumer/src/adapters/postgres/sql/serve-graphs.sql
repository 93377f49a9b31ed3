-- serve-graphs
-- params  $graph_ids text[], $fresh_ms bigint: what was said no longer ago need not be said again
-- locks   the rows that it writes, in the order of graph_id
insert into runlane.served_graphs as known (graph_id)
select mine.graph_id
from unnest($graph_ids::text[]) as mine (graph_id)
where not exists (
  select from runlane.served_graphs as fresh
  where fresh.graph_id = mine.graph_id
    and fresh.served_at > now() - $fresh_ms * interval '1 millisecond'
)
order by mine.graph_id
on conflict (graph_id) do update set served_at = now()
