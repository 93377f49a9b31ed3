-- select-marked-threads
-- params  $after_thread_id text, $limit integer
-- result  the next threads by id with marked runs that have not ended, or whose lane is looked through, and how many
--         runs these are at most
-- index   the primary keys
select thread_id, sum(through_position - ended_position)::bigint as run_count
from (
  select thread_id, through_position, ended_position from runlane.lane_ends where thread_id > $after_thread_id
  union all
  select thread_id, through_position, ended_position from runlane.lane_cancels where thread_id > $after_thread_id
) as lane
group by thread_id
order by thread_id
limit $limit
