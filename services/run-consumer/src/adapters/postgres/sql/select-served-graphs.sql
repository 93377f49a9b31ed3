-- select-served-graphs
-- params  $1 milliseconds bigint
-- result  graphs that a process has said to have so long ago at most
select graph_id
from runlane.served_graphs
where served_at > now() - $1 * interval '1 millisecond'
order by graph_id
