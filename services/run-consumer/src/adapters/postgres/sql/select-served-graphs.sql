-- select-served-graphs
-- params  $known_ms bigint
-- result  graphs that a process has named within that time
select graph_id
from runlane.served_graphs
where served_at > now() - $known_ms * interval '1 millisecond'
order by graph_id
