-- select-marked-threads
-- params  $after_thread_id text, $limit integer
-- result  the next threads by id with marked runs that have not ended, and how many these are at most
-- index   the primary key
select thread_id, sum(through_position - ended_position)::bigint as run_count
from runlane.lane_ends
where thread_id > $after_thread_id
group by thread_id
order by thread_id
limit $limit
