-- select-threads-after
-- params  $1 thread_id text, $2 how many integer
-- result  the next threads by id
-- index   the primary key
select thread_id
from runlane.threads
where thread_id > $1
order by thread_id
limit $2
