-- select-threads-after
-- params  $after_thread_id text, $limit integer
-- result  the next threads by id
-- index   the primary key
select thread_id
from runlane.threads
where thread_id > $after_thread_id
order by thread_id
limit $limit
