-- list-paused-threads
-- params  $after_at timestamptz and $after thread_id text of the last thread of the page before, both null for the first page;
--         $limit bigint
-- result  threads that wait for an answer, the one that has waited longest first; the text has the microseconds
--         of the time, by which the next page begins
-- index   paused_threads_by_age
select thread_id, paused_at, paused_at::text as place
from runlane.paused_threads
where $after_at::timestamptz is null or (paused_at, thread_id) > ($after_at::timestamptz, $after::text)
order by paused_at, thread_id
limit $limit
